# What ./dev needs of the machine: packages, a JDK that Bazel runs on, a home. Sourced.

# What a build and its tests need, and what only the checks need (clang, lint, asan, tsan), only
# ./dev bare or only ./dev kafka.
readonly BUILD_PACKAGES=(
  bazel-bootstrap bazel-platforms bazel-rules-java bazel-rules-proto bazel-skylib
  openjdk-17-jdk-headless g++ capnproto libcapnp-dev libabsl-dev librocksdb-dev libsimdjson-dev
  libyaml-cpp-dev libxxhash-dev libsqlite3-dev libpg-query-dev librdkafka-dev libgtest-dev
  libgmock-dev libbenchmark-dev
)
readonly CHECK_PACKAGES=(clang clang-format clang-tidy libclang-rt-14-dev llvm git)
readonly BARE_PACKAGES=(debootstrap iproute2 git)
readonly KAFKA_PACKAGES=(maven openjdk-17-jdk-headless util-linux)

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "needs root for: $*"
  fi
}

# Prints those of the packages that are not installed; a question to dpkg alone, so it is fast.
missing_packages() {
  local installed package status=0
  installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null) || status=$?
  # 1 says that it does not know one of them, which is the case that this is for.
  if ((status > 1)); then die "dpkg-query failed with exit code $status; what does dpkg say?"; fi
  for package in "$@"; do
    if [[ $'\n'$installed$'\n' != *$'\n'"ii  $package"$'\n'* ]]; then printf '%s\n' "$package"; fi
  done
}

install_packages() {
  local log=$SCRATCH/apt.log start=$SECONDS
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=300)
  say "dev: installing what the build needs and this machine does not have: $*"
  as_root "${apt[@]}" update >"$log" 2>&1 || say "dev: apt-get update failed; trying with old lists"
  if ! as_root "${apt[@]}" install --no-install-recommends "$@" >>"$log" 2>&1; then
    tail -n 30 "$log" >&2
    die 'apt-get install failed (above); Tidemark builds on Debian 12 packages'
  fi
  say "dev: installed $(counted $# package) in $((SECONDS - start)) s"
}

# Settings that differ between machines, kept out of the .bazelrc that is shared.
write_local_bazelrc() {
  local file=$ROOT/.bazelrc.local text='' java
  for java in /usr/lib/jvm/java-17-openjdk-*; do
    # Bazel 4 does not start on a newer JDK, which JAVA_HOME may name.
    if [[ -x $java/bin/java ]]; then text="startup --server_javabase=$java"; fi
  done
  if [[ ! -f $file || $(<"$file") != "$text" ]]; then printf '%s\n' "$text" >"$file"; fi
}

# setup PACKAGES…: makes sure that these are there.
setup() {
  local missing still
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say 'dev: not a Debian or Ubuntu system; please install what these packages contain:'
    say "  ${BUILD_PACKAGES[*]}"
    die "and for the checks: ${CHECK_PACKAGES[*]}"
  fi
  read_lines missing missing_packages "$@"
  if ((${#missing[@]})); then
    install_packages "${missing[@]}"
    read_lines still missing_packages "${missing[@]}"
    if ((${#still[@]})); then
      die "apt-get says it is done, and dpkg knows nothing of: ${still[*]}"
    fi
  fi
  write_local_bazelrc
}

# A CI container may have no HOME, or one that cannot be written; Bazel keeps its output below it.
find_home() {
  export USER=${USER:-$(id -un 2>/dev/null || printf 'uid%s' "$EUID")}
  if [[ -n ${HOME:-} && -w $HOME ]]; then return; fi
  # A user without an entry has no home either.
  HOME=$(getent passwd "$EUID" | cut -d: -f6 || true)
  if [[ -z $HOME || ! -w $HOME ]]; then
    HOME=${TMPDIR:-/tmp}/tidemark-home-$EUID
    mkdir -p "$HOME"
    BAZEL_FLAGS+=("--disk_cache=$HOME/.cache/tidemark-bazel")
  fi
  export HOME
}
