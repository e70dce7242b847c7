#include "rows/expr/expression.h"

#include <utility>

namespace tidemark {

// The memory of one node.
struct Evaluator::State {
  explicit State(const BoundNode& of) : node(of) {
    args.reserve(node.args.size());
    for (const BoundNode& arg : node.args) args.emplace_back(arg);
    columns.resize(args.size());
    if (node.kind == BoundNode::Kind::kConstant) out.SetConstant(node.ConstantOf());
  }

  const Column& Run(const RowBatch& batch, Rows rows, Arena& arena, Faults& faults) {
    switch (node.kind) {
      case BoundNode::Kind::kConstant:
        return out;
      case BoundNode::Kind::kField:
        return batch.column(node.field);
      case BoundNode::Kind::kKernel:
        return RunKernel(batch, rows, arena, faults);
      case BoundNode::Kind::kAnd:
        return RunLogic(false, batch, rows, arena, faults);
      case BoundNode::Kind::kOr:
        return RunLogic(true, batch, rows, arena, faults);
      case BoundNode::Kind::kCase:
        return RunCase(batch, rows, arena, faults);
      case BoundNode::Kind::kCoalesce:
        return RunCoalesce(batch, rows, arena, faults);
      case BoundNode::Kind::kTry:
        return RunTry(batch, rows, arena);
    }
    return out;
  }

 private:
  const Column& RunKernel(const RowBatch& batch, Rows rows, Arena& arena, Faults& faults) {
    for (size_t i = 0; i < args.size(); ++i) {
      columns[i] = &args[i].Run(batch, rows, arena, faults);
    }
    out.Reset(batch.rows());
    KernelContext context{.arena = arena, .faults = faults};
    node.kernel(context, columns, rows, out);
    return out;
  }

  // AND, whose result is decided by false, and OR, decided by true. An argument is evaluated for
  // the rows that the ones before it left open.
  const Column& RunLogic(bool decides, const RowBatch& batch, Rows rows, Arena& arena,
                         Faults& faults) {
    out.Reset(batch.rows());
    out.Begin(Type::kBool);
    for (const uint32_t row : rows) out.SetWord(row, decides ? 0 : 1);
    open.assign(rows.begin(), rows.end());
    for (State& arg : args) {
      const Column& values = arg.Run(batch, open, arena, faults);
      size_t kept = 0;
      for (const uint32_t row : open) {
        if (faults.Has(row)) {
          out.Set(row, Value());
          continue;
        }
        if (values.IsNull(row)) {
          out.Set(row, Value());
        } else if ((values.WordAt(row) != 0) == decides) {
          out.SetWord(row, decides ? 1 : 0);
          continue;
        }
        open[kept++] = row;
      }
      open.resize(kept);
    }
    return out;
  }

  const Column& RunCase(const RowBatch& batch, Rows rows, Arena& arena, Faults& faults) {
    out.Reset(batch.rows());
    open.assign(rows.begin(), rows.end());
    for (size_t i = 0; i + 1 < args.size(); i += 2) {
      const Column& conditions = args[i].Run(batch, open, arena, faults);
      chosen.clear();
      size_t kept = 0;
      for (const uint32_t row : open) {
        if (faults.Has(row)) continue;
        const bool is_true = !conditions.IsNull(row) && conditions.WordAt(row) != 0;
        if (is_true) {
          chosen.push_back(row);
        } else {
          open[kept++] = row;
        }
      }
      open.resize(kept);
      if (!chosen.empty()) Take(args[i + 1].Run(batch, chosen, arena, faults), chosen);
    }
    if (args.size() % 2 == 1 && !open.empty()) {
      Take(args.back().Run(batch, open, arena, faults), open);
    }
    return out;
  }

  const Column& RunCoalesce(const RowBatch& batch, Rows rows, Arena& arena, Faults& faults) {
    out.Reset(batch.rows());
    open.assign(rows.begin(), rows.end());
    for (State& arg : args) {
      if (open.empty()) break;
      const Column& values = arg.Run(batch, open, arena, faults);
      Take(values, open);
      size_t kept = 0;
      for (const uint32_t row : open) {
        if (values.IsNull(row) && !faults.Has(row)) open[kept++] = row;
      }
      open.resize(kept);
    }
    return out;
  }

  const Column& RunTry(const RowBatch& batch, Rows rows, Arena& arena) {
    ignored.Reset(batch.rows());
    return args[0].Run(batch, rows, arena, ignored);
  }

  void Take(const Column& values, Rows rows) {
    for (const uint32_t row : rows) out.Set(row, values.At(row));
  }

  const BoundNode& node;
  std::vector<State> args;
  std::vector<const Column*> columns;
  Column out;
  Selection open;    // rows without a result yet
  Selection chosen;  // by a condition
  Faults ignored;
};

Evaluator::Evaluator(std::shared_ptr<const BoundNode> root)
    : root_(std::move(root)), state_(std::make_unique<State>(*root_)) {}
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator::~Evaluator() = default;

const Column& Evaluator::Run(const RowBatch& batch, Rows rows, Arena& arena, Faults& faults) {
  return state_->Run(batch, rows, arena, faults);
}

}  // namespace tidemark
