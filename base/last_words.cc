#include "base/last_words.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <system_error>

#include "base/printable.h"

namespace tidemark {
namespace {

// There may be no memory for anything that formats.
void Say(const char* words) {
  // Nothing is left to be done where standard error cannot take it.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, words, std::strlen(words));
}

[[noreturn]] void SayReport() {
  Say("; nothing after the last committed epoch was kept, please report this line\n");
  std::abort();
}

[[noreturn]] void SayUncaught(const std::exception& exception) {
  Say("tidemark: internal error: uncaught exception: ");
  Say(Printable(exception.what()).c_str());
  SayReport();
}

[[noreturn]] void SayLastWords() {
  try {
    if (std::exception_ptr exception = std::current_exception()) std::rethrow_exception(exception);
    Say("tidemark: internal error: the process was terminated");
  } catch (const std::bad_alloc&) {
    Say("tidemark: out of memory, the process ends here; nothing that was committed is lost, the "
        "same command continues from there (with less --memory or fewer --workers it needs "
        "less)\n");
    std::_Exit(1);
  } catch (const std::system_error& error) {
    // Of all that throws it, only threads do so for want of something.
    if (error.code() != std::errc::resource_unavailable_try_again) SayUncaught(error);
    Say("tidemark: no thread can be started, the process ends here; nothing that was committed is "
        "lost, the same command continues from there as soon as more processes are allowed (ulimit "
        "-u)\n");
    std::_Exit(1);
  } catch (const std::exception& exception) {
    SayUncaught(exception);
  } catch (...) {
    Say("tidemark: internal error: uncaught exception of unknown type");
  }
  SayReport();
}

}  // namespace

void InstallLastWords() { std::set_terminate(SayLastWords); }

}  // namespace tidemark
