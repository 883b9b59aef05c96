#include "harness/witness/mode_table.hpp"

namespace mccoy::witness {
namespace {
using enum evidence::DeclaredMode::Kind;

constexpr ModeRow kRows[] = {
    // Build tools
    {dry_run, " make gmake ", "", " -n -q -t --just-print --dry-run --recon --question --touch ", true, "CfIjloWEO"},
    {dry_run, " ninja ", "", " -n ", true, "Cfjkldtw"},
    {dry_run, " gradle gradlew ", "", " -m --dry-run "},
    {dry_run, " bazel ", "", " --nobuild "},
    {dry_run, " snakemake ", "", " -n --dryrun --dry-run ", true, "sjcR"},
    {dry_run, " nextflow ", "", " -stub-run -stub -preview "},
    {dry_run, " dvc ", "", " --dry "},
    // Files and archives
    {dry_run, " rsync ", "", " -n --dry-run ", true, "efTBM@"},
    {dry_run, " patch ", "", " --dry-run "},
    {dry_run, " rclone ", "", " -n --dry-run "},
    {dry_run, " borg ", "", " -n --dry-run "},
    {dry_run, " logrotate ", "", " -d --debug ", true, "smlf"},
    {list_only, " pg_restore ", "", " -l --list ", true, "dFIjLnNPStTUhpf"},
    // Version control. `git commit -n` skips hooks and is no dry run.
    {dry_run, " git ", " push ", " -n --dry-run ", true, "o"},
    {dry_run, " git ", " clean ", " -n --dry-run ", true, "e"},
    {dry_run, " git ", " add ", " -n --dry-run ", true, ""},
    {dry_run, " git ", " rm ", " -n --dry-run ", true, ""},
    {dry_run, " git ", " mv ", " -n --dry-run ", true, ""},
    // Packages
    {dry_run, " apt apt-get aptitude ", "", " -s --simulate --just-print --dry-run --recon --no-act ", true, "oct"},
    {dry_run, " dpkg ", "", " --dry-run --simulate --no-act "},
    // Systems and clouds
    {dry_run, " ansible-playbook ansible ", "", " -C --check ", true, "ietlMfuc"},
    {dry_run, " terraform tofu ", " plan ", ""},
    {syntax_only, " terraform tofu ", " validate ", ""},
    {dry_run, " kubectl oc ", " diff ", ""},
    {dry_run, " helm ", " template ", ""},
    {syntax_only, " helm ", " lint ", ""},
    {dry_run, " docker ", " compose config ", ""},
    {dry_run, " docker-compose ", " config ", ""},
    {dry_run, " aws ", "", " --no-execute-changeset "},
    {dry_run, " pulumi ", " preview ", ""},
    {dry_run, " cdk ", " synth ", ""},
    {dry_run, " cdk ", " diff ", ""},
    {dry_run, " puppet ", "", " --noop "},
    {dry_run, " chef-client chef-solo ", "", " -W --why-run "},
    {dry_run, " salt salt-call ", "", " test=True test=true "},
    {dry_run, " flyway ", " info ", ""},
    {dry_run, " flyway ", " validate ", ""},
    {dry_run, " liquibase ", " update-sql ", ""},
    {dry_run, " alembic ", "", " --sql "},
    // Test runners
    {list_only, " pytest py.test ", "", " --collect-only --co "},
    {list_only, " ctest ", "", " -N --show-only "},
    {list_only, " jest ", "", " --listTests "},
    {list_only, " go ", " test ", " -list --list "},
    {dry_run, " mocha _mocha ", "", " --dry-run "},
    {dry_run, " cucumber ", "", " -d --dry-run "},
    {dry_run, " robot ", "", " --dryrun "},
    {dry_run, " stress-ng parallel ", "", " --dry-run "},
    {syntax_only, " fio ", "", " --parse-only "},
    // Looked at, not executed
    {syntax_only, " sh bash dash zsh ksh ash ", "", " -n noexec ", true, "oOc"},
    {syntax_only, " python ", "", " py_compile compileall "},
    {syntax_only, " node nodejs ", "", " -c --check "},
    {syntax_only, " perl ", "", " -c ", true, "eEIiMmFlxDCd0"},
    {syntax_only, " ruby ", "", " -c ", true, "eIrCEFiKTx0"},
    {syntax_only, " php ", "", " -l --syntax-check "},
    {syntax_only, " gcc g++ cc c++ clang clang++ ", "", " -fsyntax-only -E "},
    {syntax_only, " tsc ", "", " --noEmit "},
    {syntax_only, " nginx ", "", " -t -T ", true, "cgpes"},
    {syntax_only, " sshd ", "", " -t -T ", true, "bCcEfghopu"},
    {syntax_only, " haproxy ", "", " -c ", true, "fnNpmLsx"},
    {syntax_only, " visudo ", "", " -c --check ", true, "fx"},
    {syntax_only, " promtool ", " check ", ""},
};

constexpr PlainFlag kPlain[] = {
    {dry_run, "--dry-run"},        {dry_run, "--dryrun"},
    {dry_run, "--dry_run"},        {dry_run, "--just-print"},
    {list_only, "--collect-only"}, {list_only, "--gtest_list_tests"},
    {list_only, "--list_content"}, {list_only, "--list-tests"},
    {list_only, "--listTests"},    {help, "--help"},
};

constexpr ModeVariable kVariables[] = {
    {dry_run, " make gmake ", "MAKEFLAGS", "-n"},
    {dry_run, " make gmake ", "GNUMAKEFLAGS", "-n"},
    {dry_run, " npm npx pnpm ", "npm_config_dry_run", ""},
    {list_only, " pytest py.test ", "PYTEST_ADDOPTS", "--collect-only"},
    {list_only, " pytest py.test ", "PYTEST_ADDOPTS", "--co"},
    {list_only, "", "BOOST_TEST_LIST_CONTENT", ""},
};
}  // namespace

std::span<const ModeRow> mode_rows() {
  return kRows;
}
std::span<const PlainFlag> plain_flags() {
  return kPlain;
}
std::span<const ModeVariable> mode_variables() {
  return kVariables;
}
}  // namespace mccoy::witness
