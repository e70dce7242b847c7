#!/usr/bin/env bash
# summarize_tests.sh EVENTS BAZEL_STATUS: what one `bazel test` amounted to, counted in test cases.
#
# EVENTS is what --build_event_json_file wrote: unlike bazel-testlogs, which keeps the reports of
# earlier runs, it names the reports of this run alone. The exit code is 0 only when nothing failed.
set -euo pipefail

# Bash turns -e off inside of $( ), where the failure of all but the last command then gets lost.
shopt -s inherit_errexit

say() { printf '%s\n' "$*" >&2; }

# Reads Bazel's build events; prints status, label, xml and log of every run of a
# test, a line each, with \x1f between: a tab counts as a blank to `read`, which drops empty fields.
test_results() {
  local line events='' status=0 label log xml
  events=$(grep '^{"id":{"testResult"' "$1") || status=$?
  # 1 says that no test was run. Events that cannot be read are not events without a failure.
  if ((status > 1)); then return "$status"; fi
  while IFS= read -r line; do
    status='' label='' log='' xml=''
    if [[ $line =~ \"status\":\"([A-Z_]+)\" ]]; then status=${BASH_REMATCH[1]}; fi
    if [[ $line =~ \"label\":\"([^\"]+)\" ]]; then label=${BASH_REMATCH[1]}; fi
    if [[ $line =~ \"test.log\",\"uri\":\"file://([^\"]+)\" ]]; then log=${BASH_REMATCH[1]}; fi
    if [[ $line =~ \"test.xml\",\"uri\":\"file://([^\"]+)\" ]]; then xml=${BASH_REMATCH[1]}; fi
    if [[ -z $line ]]; then continue; fi
    printf '%s\x1f%s\x1f%b\x1f%b\n' "$status" "$label" "${xml//%/\\x}" "${log//%/\\x}"
  done <<<"$events"
}

# Reads a test's XML; prints "passed failed skipped" and then a line with each failed case. A case
# that GoogleTest was told not to run (DISABLED_, a filter) counts as nothing.
count_cases() {
  awk '
    function close_case() {
      if (!open) return
      if (bad) { failed++; names = names "\n" name }
      else if (skip) skipped++
      else if (ran) passed++
      open = 0
    }
    /<system-out>/ { close_case(); exit }
    /^ *<testcase / {
      close_case()
      open = 1; bad = 0
      ran = ($0 !~ / status="notrun"/); skip = ($0 ~ / result="skipped"/)
      name = $0; sub(/^ *<testcase name="/, "", name); sub(/".*/, "", name)
      if (match($0, / classname="[^"]*"/)) name = substr($0, RSTART + 12, RLENGTH - 13) "." name
    }
    /<(failure|error)[ >]/ { if (open) bad = 1 }
    END { close_case(); printf "%d %d %d%s\n", passed, failed, skipped, names }
  ' "$1"
}

# Names what failed and where to read on (stderr), then prints the one line with the sums (stdout).
summarize() {
  local events=$1 bazel_status=$2 passed=0 failed=0 skipped=0
  local results status label xml log counts p f s
  results=$(test_results "$events")
  while IFS=$'\x1f' read -r status label xml log; do
    if [[ -z $label ]]; then continue; fi
    counts='0 0 0'
    if [[ -r $xml ]]; then counts=$(count_cases "$xml"); else status="$status, without a report"; fi
    read -r p f s <<<"${counts%%$'\n'*}"
    # All cases are well and the test is not: a crash at its end, a leak, a missing report.
    if [[ $status != PASSED && $f == 0 ]]; then f=1 counts+=$'\n'"(the program itself: $status)"; fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    if ((f)); then
      say "FAILED $label  (log: $log)"
      tail -n +2 <<<"$counts" | sed 's/^/  /' >&2
    fi
  done <<<"$results"
  # Bazel's 3 is "tests failed", counted above. Anything else is a target that did not build.
  if ((bazel_status != 0 && (bazel_status != 3 || failed == 0))); then
    say "FAILED: not everything could be built and run (bazel exit code $bazel_status, see above)"
    failed=$((failed + 1))
  fi
  printf '%d passed, %d failed' "$passed" "$failed"
  if ((skipped)); then printf ', %d skipped' "$skipped"; fi
  printf '\n'
  ((failed == 0))
}

summarize "$@"
