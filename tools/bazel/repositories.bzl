"""The repositories that a workspace outside this tree needs to build against Tidemark.

    local_repository(
        name = "tidemark",
        path = "../tidemark",
    )

    load("@tidemark//tools/bazel:repositories.bzl", "tidemark_repositories")

    tidemark_repositories()

docs/cpp.md shows such a workspace. Requires: the repository is named "tidemark", and the packages
that `./dev setup` installs are there. This repeats the WORKSPACE of this tree, whose paths hold
only inside it; a repository that the workspace has already declared is left alone.
"""

def _folder_repository_impl(ctx):
    folder = ctx.path(ctx.attr.build_file).dirname
    for entry in folder.readdir():
        ctx.symlink(entry, entry.basename)

# A folder of this tree as a repository. local_repository would look for its path in the workspace
# that uses this tree.
_folder_repository = repository_rule(
    implementation = _folder_repository_impl,
    attrs = {"build_file": attr.label(mandatory = True, doc = "In the folder's root.")},
    local = True,
)

def _declare(rule, name, **kwargs):
    if not native.existing_rule(name):
        rule(name = name, **kwargs)

def tidemark_repositories():
    """Declares the repositories that Tidemark's targets name."""
    _declare(
        _folder_repository,
        name = "rules_cc",
        build_file = Label("//third_party/rules_cc:BUILD.bazel"),
    )
    _declare(
        _folder_repository,
        name = "remote_coverage_tools",
        build_file = Label("//third_party/coverage_tools:BUILD.bazel"),
    )
    _declare(
        native.local_repository,
        name = "rules_java",
        path = "/usr/share/bazel/rules/java",
    )
    _declare(
        native.local_repository,
        name = "rules_proto",
        path = "/usr/share/bazel/rules/proto",
    )
    _declare(
        native.new_local_repository,
        name = "system",
        build_file = "@tidemark//third_party:system.BUILD",
        path = "/usr",
    )
