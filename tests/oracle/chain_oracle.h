// The model of windows over windows: each step a list of windows per key, each watermark a number,
// and every result handed to the next step before the mark that closed its window.
//
// It is written from SEMANTICS §3.1 (Through steps), §4.2 to §4.6, and knows neither workers nor
// batches nor epochs: results must not depend on them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/oracle/chain_script.h"

namespace tidemark::oracle {

// A window that closed, and the watermark that closes it.
struct ClosedChainWindow {
  int64_t closing = 0;
  ChainResult result;
};

// The windows of one step, or of some of its keys.
class ChainWindows {
 public:
  struct OfKey {
    struct Open {
      int64_t id = 0;
      int64_t open = 0, close = 0;
      std::vector<ChainItem> items;
    };
    std::vector<Open> windows;
    // kRunning and kTwice.
    int64_t running = 0;
  };

  explicit ChainWindows(const ChainStep& step) : step_(step) {}

  // Judged by the watermark; what that closes has been taken out before.
  void OnItem(const ChainItem& item, int64_t watermark, std::vector<Row>& late);
  // Takes out what the watermark closes, in order of (closing watermark, key).
  std::vector<ClosedChainWindow> Close(int64_t watermark);
  // The watermark that closes this window.
  int64_t ClosingOf(const OfKey::Open& window) const;
  // What goes on to the step behind, in its order.
  std::vector<ChainResult> Passed(ChainResult result);

  std::map<int64_t, OfKey>& keys() { return keys_; }

 private:
  void EnterSession(const ChainItem& item, OfKey& key);
  bool SessionIsLate(int64_t at, int64_t watermark, const OfKey& key) const;
  std::vector<int64_t> IdsOf(int64_t at) const;
  OfKey::Open WindowOf(int64_t id) const;
  ChainResult ResultOf(int64_t key, const OfKey::Open& window) const;

  ChainStep step_;
  std::map<int64_t, OfKey> keys_;
};

// What the step hands on when its own watermark is there.
int64_t HandedOn(const ChainStep& step, int64_t watermark);
// The item as the step behind takes it.
ChainItem ToItem(const ChainResult& result, const ChainStep& step);
Row ResultRow(const ChainResult& result);
int64_t MinusBound(int64_t time, int64_t bound);

}  // namespace tidemark::oracle
