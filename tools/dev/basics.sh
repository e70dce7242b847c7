# What every part of ./dev uses. Sourced, by a script that runs under `set -euo pipefail`.

# Bash turns -e off inside of $( ), where the failure of all but the last command then gets lost.
shopt -s inherit_errexit

say() { printf '%s\n' "$*" >&2; }
die() { say "dev: $*"; exit 1; }

# read_lines ARRAY COMMAND…: what the command prints, a line each. It fails where the command does,
# which `mapfile -t ARRAY < <(COMMAND)` does not notice: the status of a <( ) is lost.
read_lines() {
  local -n lines_read=$1
  local text
  shift
  text=$("$@")
  lines_read=()
  if [[ -n $text ]]; then mapfile -t lines_read <<<"$text"; fi
}

# counted N NOUN: "1 package", "19 packages".
counted() {
  if (($1 == 1)); then printf '1 %s' "$2"; else printf '%d %ss' "$1" "$2"; fi
}
