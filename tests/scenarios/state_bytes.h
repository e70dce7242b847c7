// StateBytes: jobs with one step each, whose commits are counted.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tidemark {

class StateBytes {
 public:
  class Job;
  struct Shape {
    const char* name;
    // Makes the job; each is a step that holds every value it is given.
    std::unique_ptr<Job> (*make)();
  };
  static std::vector<Shape> Shapes();

  explicit StateBytes(const Shape& shape);
  ~StateBytes();

  // Gives the key values, and commits now and then, until it holds so many.
  void Hold(int64_t values);
  // The mean over some epochs that add ten values each.
  double BytesPerEpoch();
  // All commits of a job that collects a hundred keys' values in small epochs, a few windows long.
  static double TotalBytes(const std::string& name);

 private:
  std::unique_ptr<Job> job_;
  int64_t held_ = 0;
};

}  // namespace tidemark
