# The value bytes of state rows (docs/formats/state-rows.md has their keys).
#
# Each row is one unpacked, single-segment message without a segment table: the store knows how long
# a value is, and compresses its blocks itself.

@0xd6a1f3a0c4b7e215;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("tidemark::proto");

# A key's main row: everything about the key but its sub-rows.
struct StateRow {
  # The time of this key's row in the timer index, in the step's time domain, or `never` (2^63 - 1).
  # A lower bound of the time at which the key wants to be woken.
  timerAt @0 :Int64 = 9223372036854775807;

  # The last end of input whose callback this key has seen (they count from 1).
  endGeneration @1 :UInt32;

  union {
    # The whole state as one value, in the step's state schema.
    value @2 :Data;
    batch @3 :BatchState;
    # A state whose containers are stored in pieces.
    pieces @5 :PiecesState;
  }

  # When the key wants to be woken, exactly, in the step's time domain, or `never`. For people:
  # the program that wrote the state derives it from the state.
  wakeAt @4 :Int64 = 9223372036854775807;
}

# docs/formats/state-rows.md describes both fields.
struct PiecesState {
  # The state as one value, in the step's state schema, with each container in pieces empty.
  value @0 :Data;
  # What is in pieces: the entries that are in this row, and how many others hold.
  pieces @1 :Data;
}

# An open batch. Its items are those of the segments, in order, then those of `tail`.
struct BatchState {
  # Arrival of the first and of the newest item, deadline time, microseconds.
  first @0 :Int64;
  newest @1 :Int64;
  # Format 1 names each segment; else they are all sub-rows of the key, so many with so many items.
  segments @2 :List(Segment);
  tail @3 :List(Data);
  segmentRows @4 :UInt32;
  segmentItems @5 :UInt64;
}

# Names a sub-row whose key suffix is the epoch, 8 bytes, big endian.
struct Segment {
  epoch @0 :UInt64;
  items @1 :UInt32;
  # Key and value of the row together.
  bytes @2 :UInt32;
}

# The value of a list segment: items in order, each in the step's item schema.
struct SegmentRow {
  items @0 :List(Data);
}
