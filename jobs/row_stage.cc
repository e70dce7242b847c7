#include "jobs/row_stage.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "jobs/row_writer.h"

namespace tidemark {
namespace {

void CollectColumns(const BoundNode& node, std::set<size_t>& columns) {
  if (node.kind == BoundNode::Kind::kField) columns.insert(node.field);
  for (const BoundNode& arg : node.args) CollectColumns(arg, columns);
}

// The place of byte `at` of an expression; of the whole value if that cannot be told.
Place PlaceIn(const ExpressionSpec& spec, size_t at) {
  Place place = spec.text_place;
  if (!place.known()) return spec.place;
  for (const char c : std::string_view(spec.text).substr(0, at)) {
    const bool continues = (static_cast<unsigned char>(c) & 0xc0) == 0x80;  // a character of UTF-8
    if (!continues) ++place.column;
  }
  return place;
}

// A value that is not an object has no fields.
bool IsSingle(Type type) { return type != Type::kAny && type != Type::kNull; }

}  // namespace

std::optional<Expression> RowStageBinder::Bind(const ExpressionSpec& spec, bool is_condition,
                                               Problems& problems) {
  if (!binder_) {
    binder_.emplace([this](const std::string& path) -> ResolvedField {
      return {.path = fields_.Resolve(path), .mistake = fields_.MissingValue(path)};
    });
  }
  std::vector<SqlMistake> mistakes;
  auto bound = is_condition ? binder_->BindCondition(spec.text, "where", mistakes)
                            : binder_->Bind(spec.text, mistakes);
  for (const SqlMistake& mistake : mistakes) {
    problems.Add(PlaceIn(spec, mistake.at), mistake.what);
  }
  return bound;
}

StageExpression RowStageBinder::Finish(Expression expression, std::string role) {
  std::set<size_t> columns;
  CollectColumns(*expression.root, columns);
  return {.expression = std::move(expression),
          .columns = {columns.begin(), columns.end()},
          .role = std::move(role)};
}

void RowStageBinder::Where(const WhereSpec& where, Problems& problems) {
  auto bound = Bind(where.condition, /*is_condition=*/true, problems);
  if (bound) stage_.conditions.push_back(Finish(*std::move(bound), "where"));
}

void RowStageBinder::Select(const SelectSpec& select, Problems& problems) {
  std::vector<RowFields::Selected> selected;
  bool has_others = false;
  for (const SelectSpec::Item& item : select.items) {
    if (item.is_others) {
      has_others = true;
      stage_.outputs.push_back({.is_others = true});
      continue;
    }
    if (!stage_.names.insert(item.name).second) {
      problems.Add(item.place, Cat("the field '", item.name, "' is selected twice"));
    }
    RowFields::Selected field{.name = item.name};
    auto bound = Bind(item.value, /*is_condition=*/false, problems);
    if (bound) {
      StageOutput output{.label = RowWriter::Label(item.name),
                         .role = Cat("select '", item.name, "'")};
      if (const size_t* column = bound->OnlyField()) {
        output.source = *column;
        field.source = binder_->fields()[*column].name;
      } else {
        field.is_single = IsSingle(bound->root->type);
        output.value = Finish(*std::move(bound), output.role);
      }
      stage_.outputs.push_back(std::move(output));
    }
    selected.push_back(std::move(field));
  }
  fields_ = fields_.After(selected, has_others);
  Close();
}

// Ends the stage: columns that are only copied are not decoded.
void RowStageBinder::Close() {
  if (!binder_ && stage_.outputs.empty()) return;
  const size_t columns = binder_ ? binder_->fields().size() : 0;
  std::set<size_t> decoded;
  const auto use = [&](const StageExpression& expression) {
    decoded.insert(expression.columns.begin(), expression.columns.end());
  };
  for (const StageExpression& condition : stage_.conditions) use(condition);
  for (const StageOutput& output : stage_.outputs) {
    if (output.value) use(*output.value);
  }
  for (size_t i = 0; i < columns; ++i) {
    stage_.wanted.push_back({.path = binder_->fields()[i].name, .source = !decoded.contains(i)});
  }
  // One that is both copied and decoded is there twice.
  for (StageOutput& output : stage_.outputs) {
    if (!output.source || !decoded.contains(*output.source)) continue;
    stage_.wanted.push_back({.path = binder_->fields()[*output.source].name, .source = true});
    output.source = stage_.wanted.size() - 1;
  }
  done_.push_back(std::move(stage_));
  stage_ = RowStage();
  binder_.reset();
}

std::vector<RowStage> RowStageBinder::Take() {
  Close();
  return std::exchange(done_, {});
}

}  // namespace tidemark
