// Node: one step of a flow on one worker, as the worker sees it.
//
// A node gets batches and hands on batches; it owns no thread and never waits. Its outputs are
// ports; the worker knows who listens on them. All calls come from one worker.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/batch.h"
#include "engine/stream_watermark.h"
#include "engine/time_keeper.h"

namespace tidemark {

// Where a node's batches go. Emitting runs the steps behind it, up to the next exchange.
class Output {
 public:
  virtual ~Output() = default;
  virtual absl::Status Emit(int port, std::unique_ptr<AnyBatch> batch) = 0;
  // The same as of an earlier time: where the batch goes on this worker, it is what time it is.
  virtual absl::Status EmitAsOf(const Activation& then, int port,
                                std::unique_ptr<AnyBatch> batch) = 0;
  // Hands on the watermark of a stream: nothing that is emitted later is older. Everything that the
  // watermark closes has been emitted.
  virtual absl::Status HandOn(const StreamMark& mark) = 0;
};

class Node {
 public:
  virtual ~Node() = default;
  // `input` tells the streams of a step with several inputs apart.
  virtual absl::Status OnBatch(int input, std::unique_ptr<AnyBatch> batch, const Activation& now,
                               Output& out) = 0;
};

// Splits a batch by the worker that is to have each item; one per sending worker and exchange.
class Partitioner {
 public:
  virtual ~Partitioner() = default;
  // parts[w] is for worker w; null where it gets nothing.
  virtual void Split(std::unique_ptr<AnyBatch> batch,
                     std::vector<std::unique_ptr<AnyBatch>>& parts) = 0;
};

}  // namespace tidemark
