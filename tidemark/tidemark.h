// Everything a flow is built of, except joins ("tidemark/join.h"): Flow, streams, windows, sources,
// sinks. Connectors are included one by one ("connectors/file/line_file_source.h");
// "command/main.h" turns a flow into a program, and "tidemark/testing.h" is the test kit.
// docs/cpp.md is the guide.
#pragma once

#include "tidemark/flow.h"       // IWYU pragma: export
#include "tidemark/key_value.h"  // IWYU pragma: export
#include "tidemark/sink.h"       // IWYU pragma: export
#include "tidemark/source.h"     // IWYU pragma: export
#include "tidemark/stream.h"     // IWYU pragma: export
