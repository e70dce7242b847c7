#include "base/process_setup.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <initializer_list>

#include "base/last_words.h"

namespace tidemark {
namespace {

// Opened the wrong way round for what the number is used for, so that its use is an error.
int OpenPlaceholder(int number) {
  const int how = number == STDIN_FILENO ? O_WRONLY : number == STDOUT_FILENO ? O_RDONLY : O_RDWR;
  const int fd = open("/dev/null", how);
  // Where there is no /dev (a bare chroot): a directory can neither be read nor written.
  return fd >= 0 ? fd : open("/", O_RDONLY | O_DIRECTORY);
}

void OpenClosedDescriptors() {
  // In this order, because open() takes the lowest free number.
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(number, F_GETFD) >= 0 || errno != EBADF) continue;
    // No words: the place where they would go may be the one that is missing.
    if (OpenPlaceholder(number) != number) std::_Exit(1);
  }
}

}  // namespace

void SetUpProcess() {
  OpenClosedDescriptors();
  for (const int number : {SIGXFSZ, SIGUSR1}) std::signal(number, SIG_IGN);
  InstallLastWords();
}

}  // namespace tidemark
