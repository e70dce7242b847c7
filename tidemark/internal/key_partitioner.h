// Which worker an item goes to, by its key.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/node.h"
#include "state/keyed_states.h"
#include "tidemark/key_traits.h"
#include "tidemark/key_value.h"

namespace tidemark::internal {

// Sends each item to the worker that owns its key.
template <class K, class V>
class KeyPartitioner final : public Partitioner {
 public:
  explicit KeyPartitioner(int workers) : workers_(workers) {}

  void Split(std::unique_ptr<AnyBatch> batch,
             std::vector<std::unique_ptr<AnyBatch>>& parts) override {
    std::vector<Batch<KeyValue<K, V>>*> typed(parts.size(), nullptr);
    for (auto& item : BatchOf<KeyValue<K, V>>(*batch)) {
      EncodeKey(item.key, scratch_);
      const auto w = static_cast<size_t>(WorkerOfGroup(KeyGroupOf(scratch_), workers_));
      if (typed[w] == nullptr) {
        auto part = std::make_unique<Batch<KeyValue<K, V>>>();
        typed[w] = part.get();
        parts[w] = std::move(part);
      }
      typed[w]->items.push_back(std::move(item));
    }
  }

 private:
  const int workers_;
  std::string scratch_;
};

}  // namespace tidemark::internal
