# ./dev times: what a build costs, unit by unit. Sourced.

readonly SLOWEST=25  # Units that are listed.

# print_times PROFILE: the slowest actions of a profile of Bazel (--profile=FILE), one event a line,
# and what all of them took together.
print_times() {
  local profile=$1 actions
  actions=$(awk '
    /"cat":"action processing"/ {
      if (!match($0, /"name":"[^"]*"/)) next
      name = substr($0, RSTART + 8, RLENGTH - 9)
      if (!match($0, /"dur":[0-9]+/)) next
      printf "%.1f\t%s\n", substr($0, RSTART + 6, RLENGTH - 6) / 1e6, name
    }
  ' "$profile")
  if [[ -z $actions ]]; then die "$profile: no action is in this profile"; fi
  sort -rn <<<"$actions" | awk -F '\t' -v slowest="$SLOWEST" '
    NR == 1 { print "seconds  action" }
    NR <= slowest { printf "%7.1f  %s\n", $1, $2 }
    { kind = $2; sub(/ .*/, "", kind); sum[kind] += $1; count[kind]++; all += $1 }
    END {
      printf "%7.0f  all %d actions, on as many processors as there are\n", all, NR
      for (kind in sum) printf "%7.0f  %s: %d\n", sum[kind], kind, count[kind] | "sort -rn"
    }
  '
}

# build_times TARGETS…: in an output base of its own and without the cache, so that everything is
# compiled.
build_times() {
  local targets profile=$SCRATCH/profile.json
  read_lines targets with_targets "$@"
  BAZEL_STARTUP=("--output_base=$SCRATCH/output" --max_idle_secs=5)
  bazel build --disk_cache= "--profile=$profile" "${targets[@]}" >&2
  bazel shutdown
  print_times "$profile"
}
