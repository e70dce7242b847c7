#pragma once

#include <cstdint>
#include <string>
#include <tuple>

#include "base/timestamp.h"
#include "state/list_state.h"
#include "state/map_state.h"
#include "tidemark/tidemark.h"

struct Event {
  std::string article;  // empty: the customer pays
  int64_t count = 0;
};

struct Basket {
  tidemark::MapState<std::string, int64_t> counts;  // by article
  tidemark::ListState<std::string> articles;        // in the order in which they were added
  tidemark::Timestamp changed;
};

// Emits a customer's basket as "2 pears, 1 apples": on port 0 when it is paid for, on port 1 when
// nothing has happened to it for half an hour, or when the input ends.
struct Baskets : tidemark::ValueState<Basket> {
  using In = Event;
  using Outs = std::tuple<std::string, std::string>;
  using Context = tidemark::StepContext<Outs>;

  void OnItem(Basket& basket, Event&& event, Context& context) const {
    if (event.article.empty()) return Close<0>(basket, context);
    const auto [count, is_new] = basket.counts.FindOrAdd(event.article);
    *count += event.count;
    if (is_new) basket.articles.push_back(event.article);
    basket.changed = context.now();
  }
  static bool IsEmpty(const Basket& basket) { return basket.counts.empty(); }

  static tidemark::Timestamp WakeAt(const Basket& basket) {
    return basket.changed + tidemark::Span::Seconds(1800);
  }
  void OnTimer(Basket& basket, Context& context) const { Close<1>(basket, context); }

  void OnEnd(Basket& basket, Context& context) const { Close<1>(basket, context); }

 private:
  template <size_t kPort>
  static void Close(Basket& basket, Context& context) {
    std::string text;
    for (const std::string& article : basket.articles) {
      text +=
          (text.empty() ? "" : ", ") + std::to_string(*basket.counts.Find(article)) + " " + article;
    }
    if (!text.empty()) context.Emit<kPort>(std::move(text));
    basket = Basket();  // empty: leaves nothing, in memory or on disk
  }
};
