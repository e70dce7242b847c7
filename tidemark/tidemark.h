// Everything a program with a flow of its own needs: Flow, streams, sources, sinks, Main.
// Connectors are included one by one ("connectors/line_file_source.h"), the test kit is
// "tidemark/testing.h".
#pragma once

#include "tidemark/flow.h"       // IWYU pragma: export
#include "tidemark/key_value.h"  // IWYU pragma: export
#include "tidemark/main.h"       // IWYU pragma: export
#include "tidemark/sink.h"       // IWYU pragma: export
#include "tidemark/source.h"     // IWYU pragma: export
#include "tidemark/stream.h"     // IWYU pragma: export
