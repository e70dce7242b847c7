"""How Tidemark's targets are declared: one place for warnings, test defaults and schemas.

    load("//tools/bazel:cc.bzl", "tm_cc_library", "tm_cc_test")

The language standard and the optimisation level are in .bazelrc, since they hold for every object.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")

# In a workspace that uses this tree, whose compiler may be another one, a warning is not an error.
def _copts():
    inside = native.repository_name() == "@"
    return ["-Wall", "-Wextra"] + (["-Werror"] if inside else [])

# What libstdc++ says by pragma does not survive precompilation (PR 64117 of GCC): that these are no
# findings in its own strings and vectors. So they are off for all.
_FALSE_ALARMS = [
    "-Wno-array-bounds",
    "-Wno-restrict",
    "-Wno-stringop-overflow",
    "-Wno-stringop-overread",
]

# Reads what is precompiled (precompiled.bzl) in front of everything else; clang reads the headers.
def _precompiled_copts(name):
    return select({
        "//tools/bazel:clang": [],
        "//conditions:default": ["-include", "tools/bazel/%s.h" % name] + _FALSE_ALARMS,
    })

def _precompiled_deps(name):
    return select({
        "//tools/bazel:clang": [],
        "//conditions:default": ["//tools/bazel:" + name],
    })

# Generated code answers to its generator and not to our warnings.
_GENERATED_COPTS = ["-w"]

def tm_cc_library(name, deps = [], copts = [], **kwargs):
    """A cc_library under our warnings. Nothing here is loaded at run time, so no .so is built."""
    headers = "test_headers" if "@system//:gtest" in deps else "std_headers"
    cc_library(
        name = name,
        copts = _copts() + _precompiled_copts(headers) + copts,
        linkstatic = True,
        deps = deps + _precompiled_deps(headers),
        **kwargs
    )

def tm_cc_binary(name, deps = [], copts = [], linkshared = False, **kwargs):
    """A cc_binary under our warnings."""

    # .bazelrc: objects are those of programs, and nothing that is precompiled fits a shared object.
    if linkshared:
        copts = _copts() + ["-fPIC"] + copts
    else:
        copts = _copts() + _precompiled_copts("std_headers") + copts
        deps = deps + _precompiled_deps("std_headers")
    cc_binary(
        name = name,
        copts = copts,
        linkshared = linkshared,
        deps = deps,
        **kwargs
    )

def tm_cc_test(name, deps = [], copts = [], size = "small", gtest_main = True, **kwargs):
    """A cc_test on GoogleTest, small unless told otherwise.

    Args:
      name: of the target.
      deps: what it needs besides GoogleTest.
      copts: in addition to our warnings.
      size: decides the timeout.
      gtest_main: False where the test brings its own main(); GoogleTest itself is still linked.
      **kwargs: as for cc_test; `tags = ["manual"]` keeps a test out of //... and so out of CI.
    """
    test_library = "@system//:gtest_main" if gtest_main else "@system//:gtest"
    cc_test(
        name = name,
        size = size,
        copts = _copts() + _precompiled_copts("test_headers") + copts,
        linkstatic = True,
        deps = deps + [test_library] + _precompiled_deps("test_headers"),
        **kwargs
    )

def tm_capnp_library(name, srcs, imports = [], deps = [], visibility = None):
    """C++ for Cap'n Proto schemas: proto/row.capnp is included as "proto/row.capnp.h".

    Args:
      name: of the cc_library with the generated code.
      srcs: the schemas, in this package.
      imports: schemas of other targets that these import (as "x.capnp" or "/proto/x.capnp").
      deps: the tm_capnp_library targets that compile `imports`.
      visibility: of the library.
    """
    headers = [src + ".h" for src in srcs]
    sources = [src + ".c++" for src in srcs]

    # "@tidemark" in a workspace that uses this tree.
    repository = native.repository_name()[1:]
    root = "external/" + repository if repository else "."
    native.genrule(
        name = name + "_code",
        srcs = srcs + imports,
        outs = headers + sources,
        # Where one schema imports another by an absolute path, the compiler writes <proto/…>, but
        # Bazel puts the workspace on the path of quoted includes only.
        cmd = ("capnp compile -I%s -oc++:$(GENDIR) %s && " +
               "sed -i -E 's,#include <([^>]+[.]capnp[.]h)>,#include \"\\1\",' $(OUTS)") %
              (root, " ".join(["$(location %s)" % src for src in srcs])),
        visibility = ["//visibility:private"],
    )
    cc_library(
        name = name,
        srcs = sources,
        hdrs = headers,
        copts = _GENERATED_COPTS,
        linkstatic = True,
        visibility = visibility,
        deps = deps + ["@system//:capnp"],
    )
