# A snapshot's manifest: what a reader needs to trust and explain a snapshot directory.
#
# The envelope around it (magic, version, length, checksum) is in docs/formats/snapshot.md.

@0xe1b6f0c2d8a94735;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("tidemark::proto");

using Epoch = import "epoch.capnp";

struct Manifest {
  record @0 :Epoch.EpochRecord;
  # The snapshot before this one in the same state directory; 0 when there was none.
  parentEpoch @1 :UInt64;
  files @2 :List(File);

  struct File {
    # Relative to the snapshot directory.
    name @0 :Text;
    bytes @1 :UInt64;
    # Of the whole content; what kind of sum it is says checksumKind.
    checksum @2 :UInt64;
    # 0: none, 1: XXH3-64, 2: crc32c (tables; the store computes it when it writes them). In a
    # manifest of version 1 always 0, and a checksum that is not 0 is XXH3-64.
    checksumKind @3 :UInt8;
  }
}
