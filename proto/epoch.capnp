# The epoch record: the one row that says which epoch a store holds. It is part of the same atomic
# commit as the state it describes. A snapshot's manifest carries a copy.

@0xa2f4c1d09b7e6358;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("tidemark::proto");

struct EpochRecord {
  # A reader refuses a record whose version is newer than it knows.
  formatVersion @0 :UInt32;
  flowName @1 :Text;
  # Names the line of runs that owns the sinks; a fork gets a new one.
  runLine @2 :Text;
  epoch @3 :UInt64;

  # When the epoch closed, microseconds since 1970, in the three time domains: the clock's reading,
  # job time (stands still while the process is down), deadline time (never steps back).
  wallTime @4 :Int64;
  jobTime @5 :Int64;
  deadlineTime @6 :Int64;

  # How many ends of input have been taken to their end.
  endGeneration @7 :UInt32;

  steps @8 :List(Step);
  sources @9 :List(SourcePosition);
  sinks @10 :List(SinkPosition);

  # The largest reading a system-clock window has seen: the wall, held where it stepped back.
  readingTime @11 :Int64;

  # Items of sources that were stepped over on request, in the order in which that happened.
  skippedItems @12 :List(SkippedItem);
}

struct SkippedItem {
  source @0 :Text;
  partition @1 :Text;
  # The number in the position of the item: a file's line, or what else the source counts.
  number @2 :Int64;
}

struct Step {
  id @0 :UInt32;
  name @1 :Text;
  # "batch", "stateful" ...
  kind @2 :Text;
  # Parameters as a person would write them: "max_items: 50, max_wait: 10m".
  parameters @3 :Text;
  # The serialised TypeSchema (schema.capnp) of items or states, and that of the key.
  schema @4 :Data;
  keySchema @5 :Data;
  # Of all keys that have state, and of their rows.
  keys @6 :UInt64;
  bytes @7 :UInt64;
  # The timer index holds nothing before this time (in the step's time domain).
  sweptTo @8 :Int64;
  # Which clock the step's stored times belong to: a TimeDomain.
  timeDomain @9 :UInt8;
  # The step's clock does not stand before this time: an end of input has closed windows up to it.
  clockFloor @10 :Int64 = -62135596800000000;
  # Where a step follows the watermark of a stream: how far each partition was.
  watermarks @11 :List(PartitionWatermark);
  # What came too late for windows of the step, since its first run.
  lateness @12 :Lateness;
  # What the step makes of its rows, for whoever looks at it from outside: a JSON array, or nothing
  # where the step's state speaks for itself.
  results @13 :Text;
  # What the step's state depends on besides its types and parameters: texts, "key" and "window".
  # Another one under the same name is refused.
  definition @14 :List(NamedValue);
  # Of rows that hold a state as one value where `schema` is of those that hold it in pieces; empty
  # where there are none, or both are the same.
  valueSchema @15 :Data;
}

struct PartitionWatermark {
  source @0 :Text;
  partition @1 :Text;
  watermark @2 :Int64;
  # For people: left out of the minimum when the epoch closed, because it was silent or at its end.
  idle @3 :Bool;
  atEnd @4 :Bool;
}

struct Lateness {
  items @0 :UInt64;
  # (item, window) pairs.
  rows @1 :UInt64;
  # How many items were late by up to `upToUs` (the last bucket: by more than that of the one before
  # it), ascending.
  histogram @2 :List(Bucket);
  # Keys of the items that were late by most, one entry a key.
  samples @3 :List(Sample);

  struct Bucket {
    upToUs @0 :Int64;
    items @1 :UInt64;
  }
  struct Sample {
    key @0 :Data;
    lateByUs @1 :Int64;
  }
}

struct NamedValue {
  name @0 :Text;
  union {
    number @1 :Int64;
    text @2 :Data;
  }
}

struct SourcePosition {
  step @0 :Text;
  partition @1 :Text;
  position @2 :List(NamedValue);
  # The partition had nothing more when the epoch closed.
  atEnd @3 :Bool;
}

struct SinkPosition {
  step @0 :Text;
  position @1 :List(NamedValue);
  # The epoch's rows of a publish sink, not yet known to be published.
  rows @2 :Data;
}
