# ./dev outside: the programs of docs/cpp.md in a workspace outside this tree, as a user has them.
# Sourced.
#
#   $SCRATCH/outside/my_jobs     a copy of docs/cpp, unchanged
#   $SCRATCH/outside/tidemark    a link to this working copy, where its WORKSPACE looks for it
#   $SCRATCH/outside/output      Bazel's output base, removed at the end like the rest
#   $SCRATCH/outside/run         where the program runs

readonly OUTSIDE_ROWS=1000   # Of each harbour; the program reads 500 a second.
readonly OUTSIDE_LOOKS=1200  # For its first commit, every 50 ms.

# The server is shut down at the end; after an interruption it ends by itself. It may idle longer
# than a busy machine takes from its start to its first command.
outside_bazel() {
  local work=$1 command=$2
  shift 2
  (cd "$work/my_jobs" && exec nice -n 10 bazel "--output_base=$work/output" --max_idle_secs=60 \
    "--bazelrc=$ROOT/.bazelrc.local" "$command" "$@") </dev/null
}

outside_input() {
  local i
  for ((i = 1; i <= OUTSIDE_ROWS; ++i)); do
    printf 'Brest %d\nDover %d\n' $((i * 37 % 900)) $((i * 53 % 700))
  done
}

# What an uninterrupted run writes, by a model of a few lines.
outside_expected() {
  awk '{
    if (!($1 in high) || $2 > high[$1]) high[$1] = $2
    printf "%s: highest of %d is %d cm\n", $1, ++readings[$1], high[$1]
  }' "$1"
}

# outside_kill PROGRAM: runs it in this directory and kills it once it has committed.
outside_kill() {
  local program=$1 pid look lines snapshots
  "$program" --state out/tides.state --quiet &
  pid=$!
  for ((look = 0; look < OUTSIDE_LOOKS; ++look)); do
    # On purpose: there is no state yet.
    snapshots=$("$program" snapshots out/tides.state --json 2>/dev/null || true)
    if [[ $snapshots == *'"epoch": '[1-9]* ]] || ! kill -0 "$pid" 2>/dev/null; then break; fi
    sleep 0.05
  done
  if ! kill -9 "$pid" 2>/dev/null; then
    die 'outside: the program ended before it could be killed'
  fi
  wait "$pid" 2>/dev/null || true # On purpose: it was killed.
  lines=$(wc -l <out/report.txt)
  if ((lines >= 2 * OUTSIDE_ROWS)); then die 'outside: it was killed after its last line'; fi
  say "outside: killed the program after $lines of $((2 * OUTSIDE_ROWS)) lines"
}

outside() {
  local work=$SCRATCH/outside program start=$SECONDS
  mkdir -p "$work/run"
  cp -r "$ROOT/docs/cpp" "$work/my_jobs"
  ln -s "$ROOT" "$work/tidemark"
  # headers.cc would bring all connectors; inside it is compiled under the same labels.
  outside_bazel "$work" test "--disk_cache=$HOME/.cache/tidemark-bazel" --test_output=errors \
    --build_tests_only=false -- //... -//:headers >&2
  outside_bazel "$work" shutdown
  say "outside: built it, and its tests pass, in $((SECONDS - start)) s"
  program=$(readlink -f "$work/my_jobs/bazel-bin/tides")
  cd "$work/run"
  outside_input >tides.txt
  outside_expected tides.txt >expected.txt
  outside_kill "$program"
  "$program" --state out/tides.state --quiet
  if ! cmp expected.txt out/report.txt >&2; then die 'outside: lines were lost or repeated'; fi
  "$program" --state out/tides.state --quiet
  if ! cmp expected.txt out/report.txt >&2; then die 'outside: a run without new input wrote'; fi
  cd "$ROOT"
  say 'outside: killed and resumed, it wrote each line once'
}
