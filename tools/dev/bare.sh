# ./dev bare: what a newcomer meets, on a Debian 12 on which nothing is installed. Sourced.
#
#   ~/.cache/tidemark-bare/bookworm-amd64.tar   the system as debootstrap makes it, kept
#   $BARE_ROOT                                  one copy of it, removed at the end
#   $BARE_ROOT/root/tidemark                    a clone of what is committed
#   $BARE_ROOT/root/tidemark-offline            another, for the round without a network
#
# What runs in there runs in namespaces of its own for mounts and processes: its mounts are seen by
# nobody else, and they and all its processes (Bazel's server) are gone when it ends, however it
# ends. So whoever removes $BARE_ROOT cannot reach anything that is mounted in it.

readonly BARE_IMPOSSIBLE=77  # Exit code: this machine does not allow it, which says nothing of us.

BARE_ROOT=''   # Where the copy is laid out.
BARE_CACHE=''  # With --cached: the build cache of this machine.

bare() {
  local targets=() argument start=$SECONDS
  for argument in "$@"; do
    case $argument in
      --cached) BARE_CACHE=$HOME/.cache/tidemark-bazel ;;
      -*) die "bare has no option $argument; ./dev help" ;;
      *) targets+=("$argument") ;;
    esac
  done
  require_namespaces
  setup "${BARE_PACKAGES[@]}"
  require_package_sources
  lay_out_bare
  copy_package_sources
  clone_committed tidemark
  bare_round '' tidemark ${targets[@]+"${targets[@]}"}
  # From a clone without any output, so that a build that wanted to fetch something would show.
  clone_committed tidemark-offline
  bare_round offline tidemark-offline ${targets[@]+"${targets[@]}"}
  remove_bare
  say "bare: everything passed, in $((SECONDS - start)) s"
}

impossible() {
  say "bare: not on this machine: $*"
  exit "$BARE_IMPOSSIBLE"
}

require_namespaces() {
  if ((EUID != 0)); then impossible 'it needs root (sudo ./dev bare)'; fi
  if ! unshare --mount --pid --fork --kill-child mount -t tmpfs none /mnt 2>/dev/null; then
    impossible 'root may not mount here'
  fi
  if ! command -v apt-get >/dev/null; then impossible 'it takes Debian packages'; fi
}

# Into a directory of their own, since what this machine knows may be old.
require_package_sources() {
  local lists=$SCRATCH/lists
  mkdir -p "$lists/partial"
  if ! apt-get -o "Dir::State::Lists=$lists" -o APT::Sandbox::User=root \
    -o APT::Update::Error-Mode=any update >"$SCRATCH/sources.log" 2>&1; then
    tail -n 5 "$SCRATCH/sources.log" >&2
    impossible 'its package sources cannot be reached (above)'
  fi
}

# Where this machine gets the release from, by its own sources.
bare_mirror() {
  local targets mirror
  targets=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages')
  mirror=$(awk '$1 == "bookworm" && !seen++ { print $2 }' <<<"$targets")
  if [[ -z $mirror ]]; then impossible 'its package sources are not those of Debian 12'; fi
  printf '%s\n' "$mirror"
}

# The system as debootstrap makes it takes minutes the first time.
lay_out_bare() {
  local arch tarball mirror start=$SECONDS
  arch=$(dpkg --print-architecture)
  tarball=$HOME/.cache/tidemark-bare/bookworm-$arch.tar
  # Without links in its path, as the kernel lists mounts.
  BARE_ROOT=$(mktemp -d "${TMPDIR:-/var/tmp}/tidemark-bare.XXXXXX")
  BARE_ROOT=$(readlink -f "$BARE_ROOT")
  chmod 755 "$BARE_ROOT"  # apt downloads as another user, who has to get in.
  if [[ ! -f $tarball ]]; then
    mirror=$(bare_mirror)
    say 'bare: making a Debian 12 (some minutes, the first time)'
    if ! debootstrap --variant=minbase --include=ca-certificates,git bookworm "$BARE_ROOT" \
      "$mirror" >"$SCRATCH/debootstrap.log" 2>&1; then
      tail -n 20 "$SCRATCH/debootstrap.log" >&2
      die 'debootstrap failed (above)'
    fi
    rm -rf "$BARE_ROOT"/var/cache/apt/archives/*.deb
    mkdir -p "${tarball%/*}"
    tar --one-file-system -cf "$tarball.part" -C "$BARE_ROOT" .
    mv "$tarball.part" "$tarball"
  else
    tar -xf "$tarball" -C "$BARE_ROOT"
  fi
  say "bare: laid out Debian 12 in $((SECONDS - start)) s, in $BARE_ROOT"
}

# What this machine's apt and its network are told, keys and certificates included.
copy_package_sources() {
  local path
  rm -f "$BARE_ROOT"/etc/apt/sources.list "$BARE_ROOT"/etc/apt/sources.list.d/*
  for path in etc/apt usr/share/keyrings usr/local/share/ca-certificates etc/ssl/certs; do
    if [[ -d /$path ]]; then
      mkdir -p "$BARE_ROOT/$path"
      # An error is ignored on purpose, because a dead link among them is no loss.
      cp -aL "/$path/." "$BARE_ROOT/$path/" 2>/dev/null || true
    fi
  done
  for path in etc/resolv.conf etc/hosts; do
    if [[ -f /$path ]]; then cp -L "/$path" "$BARE_ROOT/$path"; fi
  done
}

clone_committed() {
  git clone --quiet --no-hardlinks "$ROOT" "$BARE_ROOT/root/$1"
}

# in_bare NETWORK DIRECTORY COMMAND…: in a clone there, by a user who has nothing set; NETWORK is
# `offline` for one that ends at this machine's door (Bazel talks to its server over loopback).
in_bare() {
  local network=$1 directory=$2 flags=(--mount --pid --fork --kill-child)
  shift 2
  if [[ $network == offline ]]; then flags+=(--net); fi
  # shellcheck disable=SC2016  # The inner shell expands these.
  unshare "${flags[@]}" bash -euo pipefail -c '
    root=$1 network=$2 cache=$3 directory=$4
    shift 4
    if [[ $network == offline ]]; then ip link set lo up; fi
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    if [[ -n $cache ]]; then
      mkdir -p "$cache" "$root/root/.cache/tidemark-bazel"
      mount --bind "$cache" "$root/root/.cache/tidemark-bazel"
    fi
    exec chroot "$root" /usr/bin/env -i HOME=/root USER=root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
      LANG=C.UTF-8 ${http_proxy:+http_proxy="$http_proxy"} \
      ${https_proxy:+https_proxy="$https_proxy"} \
      bash -c "cd \"\$0\" && exec \"\$@\"" "$directory" "$@"
  ' bash "$BARE_ROOT" "$network" "$BARE_CACHE" "$directory" "$@" </dev/null
}

# bare_round NETWORK CLONE TARGETS…: the two commands of the README, and how long each took.
bare_round() {
  local network=$1 clone=$2 start status=0 said=$SCRATCH/said summary
  local label=bare${network:+, $network}
  shift 2
  start=$SECONDS
  in_bare "$network" "/root/$clone" ./dev run examples/earthquakes_daily.yaml 2>"$said" || status=$?
  if ((status)) || [[ ! -s $BARE_ROOT/root/$clone/out/earthquakes_daily.jsonl ]]; then
    cat "$said" >&2
    fail_bare "$label: ./dev run failed (exit code $status, above)"
  fi
  say "$label: first result in $((SECONDS - start)) s$(first_result_parts "$said")"

  start=$SECONDS
  summary=$(in_bare "$network" "/root/$clone" ./dev test "$@" 2>"$said") || status=$?
  if ((status)); then
    tail -n 100 "$said" >&2
    fail_bare "$label: ./dev test failed: ${summary:-nothing was tested} (exit code $status, above)"
  fi
  say "$label: tests in $((SECONDS - start)) s: $summary"
}

# What ./dev said of its parts: " (installed 19 packages in 60 s, built in 120 s)".
first_result_parts() {
  awk '
    match($0, /(installed|built in) .* s$/) {
      parts = parts (parts == "" ? "" : ", ") substr($0, RSTART)
    }
    END { if (parts != "") printf " (%s)", parts }
  ' "$1"
}

fail_bare() {
  say "$*"
  exit 1
}

# Also on every other way out of ./dev, see clean_up.
remove_bare() {
  # Of a trap, `return` alone has the status of what ended the script.
  if [[ -z $BARE_ROOT ]]; then return 0; fi
  # Mounts are made in namespaces that are gone. Should one be here after all, nothing is removed.
  if grep -qF " $BARE_ROOT" /proc/self/mountinfo; then
    say "bare: something is mounted in $BARE_ROOT, so it stays: umount that, then remove it"
  else
    rm -rf --one-file-system "$BARE_ROOT"
  fi
  BARE_ROOT=''
}
