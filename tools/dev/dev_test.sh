#!/usr/bin/env bash
# Tests ./dev on machines that are played to it: a copy of the scripts, and a PATH on which dpkg,
# apt and Bazel are a few lines each. What it is about is that no failure gets lost.
set -uo pipefail

readonly SOURCE=$PWD
readonly WORK=${TEST_TMPDIR:-$(mktemp -d)}
CASE=''
FAILED=0

# --- The machine ----------------------------------------------------------------------------------

# fake NAME: a command of this name in front of all others, with the text of stdin as its body.
fake() {
  { printf '#!/usr/bin/env bash\n'; cat; } >"$CASE/bin/$1"
  chmod +x "$CASE/bin/$1"
}

# new_machine NAME: a working copy and a machine with nothing installed, on which all goes well.
new_machine() {
  CASE=$WORK/$1
  mkdir -p "$CASE"/{bin,home,tmp,copy/tools/dev,copy/tools/bazel,copy/.ci}
  cp "$SOURCE/dev" "$CASE/copy/"
  cp "$SOURCE/.ci/run" "$CASE/copy/.ci/"
  cp "$SOURCE"/tools/dev/*.sh "$CASE/copy/tools/dev/"
  cp "$SOURCE/tools/bazel/summarize_tests.sh" "$CASE/copy/tools/bazel/"
  : >"$CASE/installed"
  : >"$CASE/calls"
  export CASE
  fake sudo <<<'exec "$@"'
  # Like the real one: prints what it knows, and exits 1 as soon as it does not know one.
  fake dpkg-query <<'FAKE'
status=0
for package in "${@:4}"; do
  if grep -qx "$package" "$CASE/installed"; then echo "ii  $package"; else status=1; fi
done
exit "$status"
FAKE
  fake apt-get <<'FAKE'
echo "apt-get $*" >>"$CASE/calls"
if [[ " $* " == *' install '* ]]; then printf '%s\n' "$@" >>"$CASE/installed"; fi
FAKE
  fake bazel <<'FAKE'
echo "bazel $*" >>"$CASE/calls"
mkdir -p bazel-bin/tools
printf '#!/bin/sh\necho "the program: $*"\n' >bazel-bin/tools/tidemark
chmod +x bazel-bin/tools/tidemark
FAKE
}

# Runs ./dev there; what it says is in $CASE/said and $CASE/printed. It leaves nothing behind.
dev() {
  local status=0
  (cd "$CASE/copy" && HOME=$CASE/home TMPDIR=$CASE/tmp PATH=$CASE/bin:$PATH ./dev "$@") \
    >"$CASE/printed" 2>"$CASE/said" </dev/null || status=$?
  if [[ -n $(ls -A "$CASE/tmp") ]]; then fail "./dev $* left something in its TMPDIR"; fi
  return "$status"
}

# --- What is expected -----------------------------------------------------------------------------

fail() {
  FAILED=$((FAILED + 1))
  echo "FAILED ${CASE##*/}: $*"
  sed 's/^/  said: /' "$CASE/said"
  sed 's/^/  printed: /' "$CASE/printed"
  sed 's/^/  called: /' "$CASE/calls"
}

# expect STATUS COMMAND…
expect() {
  local expected=$1 status=0
  shift
  "$@" || status=$?
  if ((status != expected)); then fail "exit code $status, not $expected, of: $*"; fi
}
expect_text() {  # FILE TEXT
  if ! grep -qF -- "$2" "$CASE/$1"; then fail "no '$2' in what it $1"; fi
}
expect_no_text() {
  if grep -qF -- "$2" "$CASE/$1"; then fail "'$2' in what it $1"; fi
}

# --- Packages -------------------------------------------------------------------------------------

installs_what_dpkg_does_not_know() {
  local wanted
  # shellcheck disable=SC2016  # the other shell is to expand it
  wanted=$(bash -c 'source "$1" && echo $((${#BUILD_PACKAGES[@]} - 1))' - \
    "$SOURCE/tools/dev/machine.sh")
  echo 'g++' >"$CASE/installed"
  expect 0 dev run job.yaml
  expect_text calls ' install --no-install-recommends bazel-bootstrap '
  expect_no_text calls ' g++ '
  expect_text said "dev: installed $wanted packages in "
  expect_text printed 'the program: run job.yaml'
}

installs_nothing_where_all_is_there() {
  expect 0 dev run job.yaml
  : >"$CASE/calls"
  expect 0 dev run job.yaml
  expect_no_text calls 'apt-get'
}

a_dpkg_that_fails_is_not_taken_for_one_that_knows_nothing() {
  fake dpkg-query <<<'exit 2'
  expect 1 dev run job.yaml
  expect_text said 'dpkg-query failed with exit code 2'
  expect_no_text calls 'apt-get'
  expect_no_text calls 'bazel'
}

packages_that_cannot_be_installed_end_it() {
  fake apt-get <<<'if [[ " $* " == *" install "* ]]; then echo "E: no such package"; exit 100; fi'
  expect 1 dev test
  expect_text said 'E: no such package'
  expect_text said 'apt-get install failed'
  expect_no_text calls 'bazel'
}

an_installation_that_left_nothing_ends_it() {
  fake apt-get <<<'exit 0'
  expect 1 dev run job.yaml
  expect_text said 'dpkg knows nothing of: bazel-bootstrap'
  expect_no_text calls 'bazel'
}

# --- Building and testing -------------------------------------------------------------------------

a_build_that_fails_is_shown_and_ends_it() {
  fake bazel <<<'echo "an error of the compiler"; exit 1'
  expect 1 dev run job.yaml
  expect_text said 'an error of the compiler'
  expect_no_text printed 'the program'
}

# a_test_run STATUS EVENT XML: a Bazel whose test run leaves these.
a_test_run() {
  printf '%s' "$3" >"$CASE/test.xml"
  printf '%s\n' "$2" >"$CASE/events"
  fake bazel <<FAKE
for argument in "\$@"; do
  if [[ \$argument == --build_event_json_file=* ]]; then cp "$CASE/events" "\${argument#*=}"; fi
done
exit $1
FAKE
}
event() {  # STATUS
  printf '{"id":{"testResult":{"label":"//a:b_test"}},"testResult":{"status":"%s",' "$1"
  printf '"testActionOutput":[{"name":"test.log","uri":"file://%s/no.log"},' "$CASE"
  printf '{"name":"test.xml","uri":"file://%s/test.xml"}]}}' "$CASE"
}
readonly TWO_CASES='<testsuites>
  <testcase name="One" status="run" classname="A" />
  <testcase name="Two" status="run" classname="A" />
</testsuites>'

counts_test_cases() {
  a_test_run 0 "$(event PASSED)" "$TWO_CASES"
  expect 0 dev test
  expect_text printed '2 passed, 0 failed'
}

a_test_that_fails_is_named() {
  a_test_run 3 "$(event FAILED)" "$TWO_CASES"
  expect 1 dev test
  expect_text printed '2 passed, 1 failed'
  expect_text said 'FAILED //a:b_test'
}

a_test_without_a_report_is_none_that_passed() {
  a_test_run 0 "$(event PASSED)" ''
  rm "$CASE/test.xml"
  expect 1 dev test
  expect_text printed '0 passed, 1 failed'
}

events_that_cannot_be_read_are_no_success() {
  fake bazel <<'FAKE'
for argument in "$@"; do
  if [[ $argument == --build_event_json_file=* ]]; then rm "${argument#*=}"; fi
done
FAKE
  expect 2 dev test
  expect_no_text printed '0 failed'
}

a_target_that_does_not_build_counts_as_failed() {
  a_test_run 1 "$(event PASSED)" "$TWO_CASES"
  expect 1 dev test
  expect_text printed '2 passed, 1 failed'
}

# --- Other verbs ----------------------------------------------------------------------------------

tidy_without_git_does_not_pass() {
  fake git <<<'echo "fatal: not a git repository" >&2; exit 128'
  expect 128 dev tidy
  expect_text said 'not a git repository'
}

times_lists_the_slowest_first() {
  fake bazel <<'FAKE'
for argument in "$@"; do
  if [[ $argument != --profile=* ]]; then continue; fi
  cat >"${argument#*=}" <<'PROFILE'
{"traceEvents":[
  {"cat":"action processing","name":"Compiling a/quick.cc","ph":"X","ts":1,"dur":1200000,"pid":1},
  {"cat":"general information","name":"Something else","ph":"X","ts":1,"dur":9900000,"pid":1},
  {"cat":"action processing","name":"Compiling a/slow.cc","ph":"X","ts":1,"dur":60500000,"pid":1}
]}
PROFILE
done
FAKE
  expect 0 dev times
  sed -n 2p "$CASE/printed" >"$CASE/second"
  expect_text second '60.5  Compiling a/slow.cc'
  expect_text printed '62  Compiling: 2'
  expect_no_text printed 'Something else'
}

a_build_that_fails_has_no_times() {
  fake bazel <<<'exit 1'
  expect 1 dev times
}

# outside_program WHOLE: Bazel builds a program that writes a part of its report, commits, and waits
# to be killed; started again, it writes what WHOLE prints.
outside_program() {
  mkdir -p "$CASE/copy/docs/cpp"
  echo 'the workspace' >"$CASE/copy/docs/cpp/WORKSPACE"
  cat >"$CASE/tides" <<FAKE
#!/usr/bin/env bash
report() {
  awk '{ if (!(\$1 in m) || \$2 > m[\$1]) m[\$1] = \$2
    printf "%s: highest of %d is %d cm\\n", \$1, ++n[\$1], m[\$1] }' tides.txt
}
if [[ \$1 == snapshots ]]; then cat out/epoch; exit; fi
if [[ -f out/epoch ]]; then $1 >out/report.txt; exit; fi
mkdir -p out
report | head -n 100 >out/report.txt
echo '{"flow": "tides", "epoch": 1}' >out/epoch
exec sleep 60
FAKE
  fake bazel <<'FAKE'
echo "bazel $*" >>"$CASE/calls"
if [[ " $* " != *" test "* ]]; then exit; fi
grep -q 'the workspace' WORKSPACE && [[ -x ../tidemark/dev ]] || exit 1
mkdir -p bazel-bin
cp "$CASE/tides" bazel-bin/tides
chmod +x bazel-bin/tides
FAKE
}

outside_builds_kills_and_resumes() {
  outside_program report
  expect 0 dev outside
  expect_text calls '/output --max_idle_secs=60 '
  expect_text calls ' test --disk_cache='
  expect_text said 'outside: killed the program after 100 of 2000 lines'
  expect_text said 'it wrote each line once'
}

outside_finds_a_line_that_is_lost() {
  outside_program 'report | tail -n +2'
  expect 1 dev outside
  expect_text said 'outside: lines were lost or repeated'
}

outside_finds_a_program_that_ends_too_early() {
  outside_program report
  printf '#!/bin/sh\nexit 1\n' >"$CASE/tides"
  expect 1 dev outside
  expect_text said 'outside: the program ended before it could be killed'
}

a_build_outside_that_fails_ends_it() {
  outside_program report
  fake bazel <<<'echo "an error of the compiler" >&2; exit 1'
  expect 1 dev outside
  expect_text said 'an error of the compiler'
  expect_no_text said 'outside: killed'
}

bare_says_where_a_machine_does_not_allow_it() {
  fake unshare <<<'exit 1'
  expect 77 dev bare --cached
  expect_text said 'bare: not on this machine: '
}

a_bare_machine_that_fails_is_removed() {
  if ((EUID != 0)); then return; fi  # There is none without root.
  local arch tarball=$CASE/home/.cache/tidemark-bare
  arch=$(dpkg --print-architecture)
  mkdir -p "$tarball" "$CASE"/empty/{root,etc/apt/sources.list.d}
  tar -cf "$tarball/bookworm-$arch.tar" -C "$CASE/empty" .
  fake git <<<'mkdir -p "${!#}"'
  # All it does is to look whether it may; the first command that is run in there fails.
  fake unshare <<<'if [[ " $* " != *" tmpfs "* ]]; then echo "no such compiler" >&2; exit 9; fi'
  expect 1 dev bare
  expect_text said 'bare: laid out Debian 12 in '
  expect_text said 'no such compiler'
  expect_text said 'bare: ./dev run failed (exit code 9, above)'
}

bare_takes_no_other_options() {
  expect 1 dev bare --chached
  expect_text said 'bare has no option --chached'
}

# --- .ci/run --------------------------------------------------------------------------------------

# ci TEST_LINE TEST_STATUS BARE_STATUS: .ci/run over a ./dev that ends so.
ci() {
  cat >"$CASE/copy/dev" <<FAKE
#!/usr/bin/env bash
echo "dev \$*" >>"$CASE/calls"
case \$1 in
  test) echo '$1'; exit $2 ;;
  bare) echo 'bare is talking'; exit $3 ;;
esac
FAKE
  (cd "$CASE/copy" && ./.ci/run) >"$CASE/printed" 2>"$CASE/said" </dev/null
}
expect_last_line() {
  if [[ $(tail -n 1 "$CASE/printed") != "$1" ]]; then fail "the last line is not '$1'"; fi
}

the_last_line_of_ci_has_the_sums() {
  expect 0 ci '7 passed, 0 failed, 2 skipped' 0 0
  expect_last_line '8 passed, 0 failed, 2 skipped'
  expect_text said 'ci: bare machine: '
}

a_bare_machine_that_fails_fails_ci() {
  expect 1 ci '7 passed, 0 failed' 0 1
  expect_last_line '7 passed, 1 failed'
}

a_machine_without_a_chroot_does_not_fail_ci() {
  expect 0 ci '7 passed, 0 failed' 0 77
  expect_last_line '7 passed, 0 failed'
  expect_text said 'does not allow it'
}

tests_that_fail_fail_ci() {
  expect 1 ci '7 passed, 2 failed' 1 0
  expect_last_line '7 passed, 2 failed'
  expect_no_text calls 'dev bare'
}

tests_that_say_nothing_fail_ci() {
  expect 1 ci '' 1 0
  expect_last_line '0 passed, 1 failed'
  expect 1 ci '' 0 0
  expect_last_line '0 passed, 1 failed'
}

for test_case in \
  installs_what_dpkg_does_not_know \
  installs_nothing_where_all_is_there \
  a_dpkg_that_fails_is_not_taken_for_one_that_knows_nothing \
  packages_that_cannot_be_installed_end_it \
  an_installation_that_left_nothing_ends_it \
  a_build_that_fails_is_shown_and_ends_it \
  counts_test_cases \
  a_test_that_fails_is_named \
  a_test_without_a_report_is_none_that_passed \
  events_that_cannot_be_read_are_no_success \
  a_target_that_does_not_build_counts_as_failed \
  tidy_without_git_does_not_pass \
  times_lists_the_slowest_first \
  a_build_that_fails_has_no_times \
  outside_builds_kills_and_resumes \
  outside_finds_a_line_that_is_lost \
  outside_finds_a_program_that_ends_too_early \
  a_build_outside_that_fails_ends_it \
  bare_says_where_a_machine_does_not_allow_it \
  a_bare_machine_that_fails_is_removed \
  bare_takes_no_other_options \
  the_last_line_of_ci_has_the_sums \
  a_bare_machine_that_fails_fails_ci \
  a_machine_without_a_chroot_does_not_fail_ci \
  tests_that_fail_fail_ci \
  tests_that_say_nothing_fail_ci; do
  new_machine "$test_case"
  "$test_case"
done

echo "$FAILED failed"
((FAILED == 0))
