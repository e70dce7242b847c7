// EncodeValue and DecodeValue: any recoverable value as bytes, and back.
//
// Bytes are compact and carry no names; the step's TypeSchema explains them (state/type_schema.h).
// docs/formats/values.md has the format.
//
//   EncodeValue(reading, row);                               // appends
//   TM_RETURN_IF_ERROR(DecodeAll(row, reading));
//
// Guarantees: equal values give equal bytes, on every run and machine (hash maps and sets are
// encoded in sorted order); what was encoded decodes to the same value, NaN payloads, -0.0 and
// infinite times included. Bytes from elsewhere give DataLoss; they never crash, allocate out of
// proportion to their size, or recurse more than kMaxValueDepth structs deep. After an error the
// target holds something valid but unspecified.
//
// Pitfall: a recursive value more than kMaxValueDepth structs deep (a long chain of unique_ptr) is
// a failed check when it is encoded. Keep chains in a vector.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "state/reflect_recoverable.h"
#include "state/value_codec_read.h"
#include "state/value_codec_wire.h"
#include "state/value_codec_write.h"

namespace tidemark {

// Appends.
template <class T>
void EncodeValue(const T& value, std::string& out);
template <class T>
std::string EncodeToString(const T& value);

// Takes the value's bytes off the front of `in`.
template <class T>
absl::Status DecodeValue(std::string_view& in, T& out);
// Bytes behind the value are DataLoss.
template <class T>
absl::Status DecodeAll(std::string_view bytes, T& out);

// For ValueTraits: the format of kString, kBytes and kJson.
void EncodeBytes(std::string_view bytes, std::string& out);
// `bytes` becomes a view into `in`.
absl::Status DecodeBytes(std::string_view& in, std::string_view& bytes);

// ---- implementation ----------------------------------------------------------------------------

template <class T>
void EncodeValue(const T& value, std::string& out) {
  (void)internal::RequireRecoverable<T>();
  if constexpr (RecoverableState<T>) {
    internal::ValueWriter writer(out);
    internal::Write(value, writer);
    writer.Flush();
  }
}

template <class T>
std::string EncodeToString(const T& value) {
  std::string bytes;
  EncodeValue(value, bytes);
  return bytes;
}

template <class T>
absl::Status DecodeValue(std::string_view& in, T& out) {
  (void)internal::RequireRecoverable<T>();
  if constexpr (RecoverableState<T>) {
    internal::ValueReader reader(in);
    if (!internal::Read(reader, out)) return reader.status();
    in = reader.rest();
  }
  return absl::OkStatus();
}

template <class T>
absl::Status DecodeAll(std::string_view bytes, T& out) {
  (void)internal::RequireRecoverable<T>();
  if constexpr (RecoverableState<T>) {
    internal::ValueReader reader(bytes);
    if (!internal::Read(reader, out)) return reader.status();
    if (reader.remaining() != 0) {
      reader.Fail("trailing bytes follow its end");
      return reader.status();
    }
  }
  return absl::OkStatus();
}

inline void EncodeBytes(std::string_view bytes, std::string& out) {
  internal::ValueWriter writer(out);
  writer.String(bytes);
  writer.Flush();
}

inline absl::Status DecodeBytes(std::string_view& in, std::string_view& bytes) {
  internal::ValueReader reader(in);
  if (!reader.String(bytes)) return reader.status();
  in = reader.rest();
  return absl::OkStatus();
}

}  // namespace tidemark
