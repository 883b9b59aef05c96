// The programs of an activity: how they descend from one another, how they ended, which of them an obligation means.
// They are named by their index, as in Activity::programs.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/judge/weigh.hpp"

namespace mccoy::judge {
bool is_index(const evidence::Activity& activity, int index);
const evidence::SeenProgram& program_at(const evidence::Activity& activity, int index);
/// Images of one process.
bool is_same_process(const evidence::Activity& activity, int a, int b);
/// What the process became in the end: the program itself, or the last one it turned into by execve.
int last_image(const evidence::Activity& activity, int index);
/// Is it that program, or was it started by it, by whatever it became, or by one of their children?
bool descends(const evidence::Activity& activity, int index, int ancestor);

/// Runs of the program that a field of the obligation names, in the order in which they began. A script that reaches
/// its interpreter by way of another program (`#!/usr/bin/env`) ran once.
std::vector<int> runs_of(const evidence::Activity& activity, const suite::Obligation& obligation,
                         std::string_view field);

/// Runs of the programs that the suite says must have run: they and what they start do the work. Empty: it names none,
/// or none of them ran.
std::vector<int> performers(const evidence::Activity& activity, std::span<const suite::Obligation> contract);
/// Any program counts where none is named.
bool performs(const evidence::Activity& activity, const std::vector<int>& performers, int index);

/// Somebody below the same command told it to end. A time limit (timeout) is no such order.
bool was_told_to_end(const evidence::Activity& activity, int index);
/// It runs in a mode that it declares to be without work: help, version, list, syntax check, dry run; where tests are
/// claimed, also without its tests.
bool only_pretends(const evidence::SeenProgram& program, bool tests_are_claimed);
bool is_pretence(const evidence::DeclaredMode& mode, bool tests_are_claimed);
/// `claim: unit`, `integration` or `end-to-end`, or a stated report of tests.
bool tests_are_claimed(std::string_view claim, std::span<const suite::Obligation> contract);
/// "it ended with status 3"
std::string ended_words(const evidence::SeenProgram& program);
/// "--version", the first of its modes
std::string mode_of(const evidence::SeenProgram& program);
}  // namespace mccoy::judge
