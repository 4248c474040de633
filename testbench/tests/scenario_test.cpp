// Laws of the loader: later layers win, every problem is reported at once with its place, nothing
// that cannot be read becomes a default, and a dump loads back as the same configuration.
#include "testbench/scenario.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "models/paths/path.h"
#include "testbench/key_kinds.h"
#include "testbench/keys.h"

namespace copypath {
namespace {

namespace fs = std::filesystem;

using Lines = std::vector<std::string>;

class ScenarioTest : public testing::Test {
protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "copypath-scenario-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    fs::create_directories(fs::path(folder_) / "shipped/hosts");
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string at(const std::string& name) const { return folder_ + "/" + name; }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(at(name), std::ios::binary) << text;
    return at(name);
  }

  Scenario load(const std::string& text, const std::vector<Override>& overrides = {}) const {
    return load_scenario(write("a.ini", text), overrides, at("shipped"));
  }

  Lines problems_of_file(const std::string& file,
                         const std::vector<Override>& overrides = {}) const {
    try {
      load_scenario(file, overrides, at("shipped"));
    } catch (const BadInput& bad) {
      Lines problems = bad.problems();
      for (std::string& problem : problems) {
        for (auto found = problem.find(folder_ + "/"); found != std::string::npos;
             found = problem.find(folder_ + "/")) {
          problem.erase(found, folder_.size() + 1);
        }
      }
      return problems;
    }
    return {};
  }

  Lines problems(const std::string& text, const std::vector<Override>& overrides = {}) const {
    return problems_of_file(write("a.ini", text), overrides);
  }

  std::string folder_;
};

std::string path_names() {
  std::vector<std::string> names;
  for (const Path* path : paths()) names.push_back(path->name);
  return listed(names);
}

/// Every field as text.
Lines values_of(const Config& config) {
  Lines values;
  for (const Key& key : keys()) {
    if (key.name != "host") values.push_back(key.name + " = " + key.get(config));
  }
  return values;
}

TEST_F(ScenarioTest, TheExampleOfTheDesign) {
  write("shipped/hosts/textbook.ini", "[cpu]\ncores = 4\n");
  const Scenario scenario = load(
      "host = hosts/textbook.ini\n"
      "path = read_write sendfile\n"
      "[workload]\n"
      "kind = file_server\n"
      "clients = 100\n"
      "file_size = 100MB\n"
      "[expect]\n"
      "sendfile.cpu_copied_bytes = 0\n"
      "read_write.cpu_copied_bytes = 20GB\n");
  EXPECT_EQ(scenario.file, at("a.ini"));
  EXPECT_EQ(scenario.config.cpu.cores, 4U);
  EXPECT_EQ(scenario.config.host, "hosts/textbook.ini");
  EXPECT_EQ(scenario.config.paths, (Lines{"read_write", "sendfile"}));
  EXPECT_EQ(scenario.config.workload.clients, 100U);
  ASSERT_EQ(scenario.expectations.size(), 2U);
  EXPECT_EQ(scenario.expectations[1].origin, at("a.ini:9"));
  EXPECT_EQ(scenario.expectations[1].expected, 20e9);
}

TEST_F(ScenarioTest, LaterLayersWin) {
  write("host.ini", "[cpu]\ncores = 2\nsyscall = 200ns\nskb = 2ns\n[nic]\nrate = 25Gbps\n");
  const Scenario scenario = load("host = host.ini\n[cpu]\ncores = 3\nsyscall = 300ns\n",
                                 {{"cpu.cores = 4"}, {"timing=burst", "--timing"}});
  EXPECT_EQ(scenario.config.cpu.cores, 4U);                          // command line
  EXPECT_EQ(scenario.config.cpu.syscall, nanoseconds(300));          // scenario
  EXPECT_EQ(scenario.config.cpu.skb, nanoseconds(2));                // host profile
  EXPECT_EQ(scenario.config.nic.rate, Rate::bits(25e9));             // host profile
  EXPECT_EQ(scenario.config.cpu.interrupt, Config{}.cpu.interrupt);  // default
  EXPECT_EQ(scenario.config.timing, Timing::kBurst);
}

TEST_F(ScenarioTest, HostProfilesAreLookedUpBesideTheScenarioFirst) {
  write("shipped/hosts/x.ini", "[cpu]\ncores = 2\n");
  EXPECT_EQ(load("host = hosts/x.ini\n").config.cpu.cores, 2U);
  fs::create_directory(at("hosts"));
  write("hosts/x.ini", "[cpu]\ncores = 3\n");
  EXPECT_EQ(load("host = hosts/x.ini\n").config.cpu.cores, 3U);
  // The profile that the command line does not want need not exist.
  EXPECT_EQ(load("host = nope.ini\n", {{"host=hosts/x.ini"}}).config.cpu.cores, 3U);
  EXPECT_EQ(load("host = nope.ini\n", {{"host=none"}}).config.cpu.cores, Config{}.cpu.cores);
  const fs::path before = fs::current_path();
  fs::create_directories(at("elsewhere/hosts"));
  write("elsewhere/hosts/x.ini", "[cpu]\ncores = 5\n");
  fs::current_path(at("elsewhere"));
  EXPECT_EQ(load("host = nope.ini\n", {{"host=hosts/x.ini"}}).config.cpu.cores, 5U);
  EXPECT_EQ(load("host = hosts/x.ini\n").config.cpu.cores, 3U);
  fs::current_path(before);
}

TEST_F(ScenarioTest, HostProfilesSetOnlyTheHost) {
  write("host.ini",
        "path = sendfile\nhost = x\n[workload]\nclients = 3\n[expect]\nsendfile.packets = 3\n"
        "[cpu]\ncores = 1000\ncoers = 3\n");
  const std::string accepted =
      "does not belong in a host profile, accepted: the keys of host, cpu, memory, cache, "
      "numa, page_cache, disk, pcie, nic, pipe, socket or faults";
  const Lines found = problems("host = host.ini\n");
  EXPECT_EQ(found, (Lines{"host.ini:9: cpu.coers: is unknown, 'copypath keys' lists what is "
                          "accepted (did you mean 'cpu.cores'?)",
                          "host.ini:6: expect.sendfile.packets: does not belong in a host profile",
                          "host.ini:1: path: " + accepted, "host.ini:2: host: " + accepted,
                          "host.ini:4: workload.clients: " + accepted,
                          "host.ini:8: cpu.cores: '1000' is out of range, accepted: 1 to 256"}));
}

TEST_F(ScenarioTest, AHostProfileThatIsNotThere) {
  EXPECT_EQ(
      problems("host = hosts/nope.ini\n"),
      (Lines{"a.ini:1: host: no host profile 'hosts/nope.ini' in '" + folder_ + "' or 'shipped'"}));
  EXPECT_EQ(problems("host = shipped\n"), (Lines{"shipped: is a directory, not a file"}));
}

TEST_F(ScenarioTest, FilesThatAreNoScenario) {
  EXPECT_EQ(problems_of_file(at("nope.ini")), (Lines{"nope.ini: no such file"}));
  EXPECT_EQ(problems_of_file(folder_), (Lines{folder_ + ": is a directory, not a file"}));
  EXPECT_EQ(problems(""), (Lines{"a.ini: is empty"}));
  EXPECT_EQ(problems(" \n\r\n\t\n"), (Lines{"a.ini: is empty"}));
  EXPECT_EQ(problems_of_file("/dev/null"), (Lines{"/dev/null: is not a regular file"}));
  EXPECT_EQ(problems(std::string("timing = fluid\ntiming\0 = x\n", 27)),
            (Lines{"a.ini: is not a text file: line 2 is not UTF-8 or has control characters"}));
  EXPECT_EQ(problems("timing = fluid\n\n\xff\xfe\n"),
            (Lines{"a.ini: is not a text file: line 3 is not UTF-8 or has control characters"}));
  EXPECT_EQ(problems("title = \xed\xa0\x80\n"),
            (Lines{"a.ini: is not a text file: line 1 is not UTF-8 or has control characters"}));
  EXPECT_EQ(problems(std::string(2 << 20, '#')),
            (Lines{"a.ini: is larger than 1MiB, and so no scenario"}));
  EXPECT_EQ(problems("title = " + std::string(10000, 'x') + "\ntimin = x"),
            (Lines{"a.ini:1: the line has 10008 bytes, accepted: at most 8192",
                   "a.ini:2: timin: is unknown, 'copypath keys' lists what is accepted (did you "
                   "mean 'timing'?)"}));
  ASSERT_EQ(mkfifo(at("pipe").c_str(), 0600), 0);
  EXPECT_EQ(problems_of_file(at("pipe")), (Lines{"pipe: is not a regular file"}));
}

TEST_F(ScenarioTest, AnUnreadableFile) {
  const std::string file = write("a.ini", "timing = fluid\n");
  fs::permissions(file, fs::perms::none);
  if (access(file.c_str(), R_OK) == 0) GTEST_SKIP() << "this user may read everything";
  EXPECT_EQ(problems_of_file(file), (Lines{"a.ini: cannot be read: permission denied"}));
}

TEST_F(ScenarioTest, LineEndsByteOrderMarkAndCommentsAreAccepted) {
  const Scenario scenario = load(
      "\xef\xbb\xbf# a comment\r\n"
      "title = Gr\xc3\xb6\xc3\x9f"
      "e \t # the rest is a comment\r\n"
      "cpu.cores=3\r\n"
      "  [nic] # ten gigabits\r\n"
      "\trate\t=\t40Gbps\r\n"
      "[cpu]\n"
      "[nic]\n"
      "ring = 512");
  EXPECT_EQ(scenario.config.title,
            "Gr\xc3\xb6\xc3\x9f"
            "e");
  EXPECT_EQ(scenario.config.cpu.cores, 3U);
  EXPECT_EQ(scenario.config.nic.rate, Rate::bits(40e9));
  EXPECT_EQ(scenario.config.nic.ring, 512U);
}

TEST_F(ScenarioTest, EveryProblemAtOnceInTheOrderOfTheLines) {
  const Lines found = problems(
      "path = sendfil\n"             // 1
      "clients = 5\n"                // 2
      "[]\n"                         // 3
      "[nik]\n"                      // 4
      "foo = 3\n"                    // 5: the section has been reported
      "[nic]\n"                      // 6
      "rate = 10\n"                  // 7
      "mtu = 10Gbps\n"               // 8
      "mtu = 1500B\n"                // 9
      "timing = burst\n"             // 10
      "what\n"                       // 11
      "= 5\n"                        // 12
      "[cpu] cores = 5\n"            // 13
      "ring =\n"                     // 14
      "fifo = 1MiB# packets\n"       // 15
      "[memory]\n"                   // 16
      "arbitration = round-robin\n"  // 17
      "burst = 96B\n");              // 18
  const std::string sections =
      "host, cpu, memory, cache, numa, page_cache, disk, pcie, nic, pipe, socket, workload, web, "
      "faults "
      "or "
      "expect";
  const std::string sizes = "a size in B, kB, MB, GB, TB, PB, KiB, MiB, GiB, TiB or PiB";
  const Lines expected{
      "a.ini:1: path: 'sendfil' is no data path (did you mean 'sendfile'?), accepted: all, "
      "or some of " +
          path_names(),
      "a.ini:2: clients: is unknown, 'copypath keys' lists what is accepted (did you mean "
      "'workload.clients'?)",
      "a.ini:3: '[]' is an unknown section, accepted: " + sections,
      "a.ini:4: '[nik]' is an unknown section, accepted: " + sections + " (did you mean 'nic'?)",
      "a.ini:7: nic.rate: '10' has no unit, accepted: a rate in B/s, kB/s, MB/s, GB/s, TB/s, "
      "PB/s, KiB/s, MiB/s, GiB/s, TiB/s, PiB/s, bps, kbps, Mbps, Gbps or Tbps",
      "a.ini:8: nic.mtu: '10Gbps' is a rate, accepted: " + sizes,
      "a.ini:9: nic.mtu: is set twice, first at a.ini:8",
      "a.ini:10: nic.timing: is unknown, 'timing' stands before the first [section]",
      "a.ini:11: 'what' is neither 'key = value' nor a '[section]'",
      "a.ini:12: '= 5' has no key before the '='",
      "a.ini:13: a '[section]' stands on a line of its own",
      "a.ini:14: nic.ring: has no value, accepted: 19 to 65536",
      "a.ini:15: fifo: a '#' begins a comment, put a space before it (no value can hold one)",
      "a.ini:17: memory.arbitration: 'round-robin' is unknown, accepted: round_robin, priority or "
      "weighted (did you mean 'round_robin'?)",
      "a.ini:18: memory.burst: 96B is not a power of two, accepted: 64B, 128B, ... 4KiB"};
  EXPECT_EQ(found, expected);
}

TEST_F(ScenarioTest, AllPathsAreThoseThatAreNotRefused) {
  const Scenario scenario =
      load("path = all\n[workload]\nchunk = 1000B\n[expect]\ndirect_write.packets = 3\n");
  std::size_t refused = 0;
  for (const Path* path : paths()) {
    const auto& chosen = scenario.config.paths;
    const bool runs = std::find(chosen.begin(), chosen.end(), path->name) != chosen.end();
    EXPECT_EQ(runs, refusal(*path, scenario.config).empty()) << path->name;
    refused += runs ? 0 : 1;
  }
  EXPECT_GT(refused, 0U) << "O_DIRECT";
  EXPECT_EQ(scenario.left_out.size(), refused);
}

TEST_F(ScenarioTest, ARefusedPathIsAProblemOfItsLine) {
  EXPECT_EQ(problems("path = sendfile direct_write\n[workload]\nchunk = 1000B\n").size(), 1U);
  EXPECT_EQ(problems("path = sendfile\n[workload]\ntransform = tls\n").size(), 1U);
}

TEST_F(ScenarioTest, TheSameKeyInTwoSpellingsIsSetTwice) {
  EXPECT_EQ(problems("nic.ring = 100\n[nic]\nring = 100\n"),
            (Lines{"a.ini:3: nic.ring: is set twice, first at a.ini:1"}));
  EXPECT_EQ(problems("path = sendfile\npath = read_write\n"),
            (Lines{"a.ini:2: path: is set twice, first at a.ini:1"}));
  EXPECT_EQ(problems("[expect]\nsendfile.packets / read_write.packets = 1\n"
                     "sendfile.packets/read_write.packets = 1\n"),
            (Lines{"a.ini:3: expect.sendfile.packets/read_write.packets: is set twice, first at "
                   "a.ini:2"}));
}

TEST_F(ScenarioTest, ProblemsOfTheCommandLine) {
  const std::string text = "timing = fluid\n";
  EXPECT_EQ(
      problems(text, {{"nic.rat=5"}, {"cpu.cores=0"}, {"what"}, {"=5"}, {""}}),
      (Lines{"--set: nic.rat: is unknown, 'copypath keys' lists what is accepted (did you "
             "mean 'nic.rate'?)",
             "--set: 'what' is not of the form key=value",
             "--set: '=5' is not of the form key=value", "--set: '' is not of the form key=value",
             "--set: cpu.cores: '0' is out of range, accepted: 1 to 256"}));
  EXPECT_EQ(problems(text, {{"timing=brust", "--timing"}}),
            (Lines{"--timing: timing: 'brust' is unknown, accepted: fluid or burst (did you mean "
                   "'burst'?)"}));
  EXPECT_EQ(problems(text, {{"timing=fluid"}, {"timing=burst", "--timing"}}),
            (Lines{"--timing: timing: is set twice, first at --set"}));
  EXPECT_EQ(problems(text, {{"title=a\ncpu.cores=3"}}),
            (Lines{"--set: is not UTF-8 or has control characters"}));
  EXPECT_EQ(problems(text, {{"title=C# and C"}}),
            (Lines{"--set: 'title=C# and C' has a '#', which begins a comment in scenario files"}));
  EXPECT_EQ(problems(text, {{"[nic]=x]"}}),
            (Lines{"--set: '[nic]=x]' is not of the form key=value"}));
  EXPECT_EQ(problems(text, {{"cpu.cores="}}),
            (Lines{"--set: cpu.cores: has no value, accepted: 1 to 256"}));
  // The command line and the file are both reported.
  EXPECT_EQ(problems_of_file(at("nope.ini"), {{"what"}}),
            (Lines{"--set: 'what' is not of the form key=value", "nope.ini: no such file"}));
}

TEST_F(ScenarioTest, AnOverriddenValueMustBeGoodAllTheSame) {
  EXPECT_EQ(problems("[cpu]\ncores = many\n", {{"cpu.cores=3"}}),
            (Lines{"a.ini:2: cpu.cores: 'many' is not a number, accepted: a whole number"}));
}

TEST_F(ScenarioTest, RulesBetweenKeys) {
  EXPECT_EQ(problems("[nic]\nfifo = 9000B\nmtu = 9000B\n"),
            (Lines{"a.ini:2: nic.fifo: 9kB does not hold one frame, accepted: at least 9018B with "
                   "nic.mtu = 9kB"}));
  EXPECT_EQ(problems("[nic]\nmtu = 9000B\nfifo = 9018B\n"), Lines{});
  EXPECT_EQ(problems("[cache]\nsize = 1KiB\n"),
            (Lines{"a.ini:2: cache.size: 1KiB does not hold one page, accepted: none, or at least "
                   "4KiB"}));
  EXPECT_EQ(
      problems("[cache]\nsize = 1MiB\nddio = 0.001\n"),
      (Lines{"a.ini:3: cache.ddio: 0.001 of the cache does not hold one page, accepted: 0, or "
             "at least 0.00391 with cache.size = 1MiB"}));
  EXPECT_EQ(problems("[numa]\nnodes = 2\n[cache]\nsize = 1MiB\n"),
            (Lines{"a.ini:4: cache.size: the cache of a machine with two nodes is not modelled, "
                   "accepted: none with numa.nodes = 2"}));
  EXPECT_EQ(problems("[numa]\nnic_node = 1\nmemory = interleave\n"),
            (Lines{"a.ini:2: numa.nodes: 1 leaves no second node for numa.nic_node, numa.memory, "
                   "accepted: 2"}));
  EXPECT_EQ(problems("[cpu]\ncopy_rate = 40GB/s\n"), Lines{});
  EXPECT_EQ(
      problems("[cpu]\ncopy_rate = 40GB/s\n[cache]\nsize = 1MiB\n"),
      (Lines{"a.ini:2: cpu.copy_rate_cached: 30GB/s is slower than copies from DRAM, accepted: "
             "at least cpu.copy_rate = 40GB/s"}));
  EXPECT_EQ(problems("[workload]\nfiles = 3\nclients = 2\n"),
            (Lines{"a.ini:2: workload.files: 3 is more than there are clients, accepted: at most "
                   "workload.clients = 2"}));
  // Reported at the place that broke the rule.
  EXPECT_EQ(problems("[workload]\nfiles = 3\nclients = 3\n", {{"workload.clients=2"}}),
            (Lines{"--set: workload.files: 3 is more than there are clients, accepted: at most "
                   "workload.clients = 2"}));
  // A rule is not held against a value that could not be read.
  EXPECT_EQ(problems("[workload]\nfiles = 3\nclients = three\n"),
            (Lines{"a.ini:3: workload.clients: 'three' is not a number, accepted: a whole "
                   "number"}));
  EXPECT_EQ(problems("[nic]\nmtu = 64KiB\n[socket]\nsend_buffer = 32KiB\nwindow = 32KiB\n"),
            (Lines{"a.ini:4: socket.send_buffer: 32KiB does not hold one packet, accepted: at "
                   "least nic.mtu = 64KiB",
                   "a.ini:5: socket.window: 32KiB does not hold one packet, accepted: at least "
                   "nic.mtu = 64KiB"}));
  EXPECT_EQ(problems("[page_cache]\nreadahead = 10kB\n"),
            (Lines{"a.ini:2: page_cache.readahead: 10kB is not a whole number of pages, accepted: "
                   "multiples of 4KiB"}));
  EXPECT_EQ(problems("[page_cache]\nreadahead = 1GiB\n"),
            (Lines{"a.ini:2: page_cache.readahead: 1GiB does not fit the page cache twice, "
                   "accepted: at most half of page_cache.size = 1GiB"}));
  EXPECT_EQ(problems("[workload]\nfile_size = 1PB\n"), Lines{});
  EXPECT_EQ(problems("[workload]\nfile_size = 1PB\nclients = 1000\n"),
            (Lines{"a.ini:2: workload.file_size: all clients and requests together take some "
                   "9.26e+03 days at the slowest rate, accepted: at most 100"}));
  EXPECT_EQ(problems("[workload]\nrequests = 100000\n[socket]\nrtt = 100s\n"),
            (Lines{"a.ini:2: workload.requests: the round trips of 100000 requests take some 116 "
                   "days, accepted: at most 100"}));
}

TEST_F(ScenarioTest, AWebServerHasASiteOfItsOwn) {
  const std::string kind = "[workload]\nkind = web_server\n";
  EXPECT_EQ(
      problems(kind + "range = 4KiB\n"),
      (Lines{"a.ini:2: workload.kind: is web_server, accepted with it: workload.file = none, "
             "workload.range = whole_file, workload.hazard = none, workload.open = buffered"}));
  EXPECT_EQ(
      problems("[web]\nsmallest = 2MiB\n"),
      (Lines{"a.ini:2: web.smallest: 2MiB is more than the largest file has, accepted: at most "
             "web.largest = 1MiB"}));
  EXPECT_EQ(
      problems(kind + "clients = 2\nrequests = 6000000\n"),
      (Lines{"a.ini:4: workload.requests: 6000000 requests of each of 2 clients are too many, "
             "accepted: 10000000 in all with workload.kind = web_server"}));
}

TEST_F(ScenarioTest, AnInputFileGivesSizeAndBytes) {
  write("in.bin", "hello");
  fs::create_directory(at("sub"));
  const Scenario scenario = load("[workload]\nfile = sub/../in.bin\n");
  EXPECT_EQ(scenario.config.workload.file, at("in.bin"));
  EXPECT_EQ(scenario.config.workload.file_size, Bytes(5));
  EXPECT_EQ(scenario.config.workload.data, Data::kBytes);
  EXPECT_EQ(load("[workload]\nfile = in.bin\ndata = tags\n").config.workload.data, Data::kTags);
  EXPECT_EQ(load("[workload]\nfile = in.bin\n", {{"workload.data=tags"}}).config.workload.data,
            Data::kTags);
  write("empty.bin", "");
  EXPECT_EQ(load("[workload]\nfile = empty.bin\n").config.workload.file_size, Bytes(0));
  // A file from a later layer replaces a size, and "none" takes the file away.
  const std::vector<Override> file{{"workload.file=" + at("in.bin")}};
  EXPECT_EQ(load("[workload]\nfile_size = 7MB\n", file).config.workload.file_size, Bytes(5));
  const std::vector<Override> size{{"workload.file=none"}, {"workload.file_size=9B"}};
  EXPECT_EQ(load("[workload]\nfile = in.bin\n", size).config.workload.file_size, Bytes(9));
}

TEST_F(ScenarioTest, AnInputFileOfTheCommandLineIsRelativeToTheWorkingDirectory) {
  fs::create_directory(at("work"));
  write("work/in.bin", "four");
  const fs::path before = fs::current_path();
  fs::current_path(at("work"));
  const Scenario scenario = load("timing = fluid\n", {{"workload.file=in.bin"}});
  fs::current_path(before);
  EXPECT_EQ(scenario.config.workload.file, at("work/in.bin"));
  EXPECT_EQ(scenario.config.workload.file_size, Bytes(4));
}

TEST_F(ScenarioTest, InputFilesThatAreNone) {
  write("in.bin", "hello");
  write("c#.bin", "hello");
  ASSERT_EQ(mkfifo(at("pipe").c_str(), 0600), 0);
  EXPECT_EQ(problems("[workload]\nfile = nope.bin\n"),
            (Lines{"a.ini:2: workload.file: 'nope.bin' does not exist"}));
  EXPECT_EQ(problems("[workload]\nfile = shipped\n"),
            (Lines{"a.ini:2: workload.file: 'shipped' is a directory, accepted: a regular file"}));
  EXPECT_EQ(problems("[workload]\nfile = pipe\n"),
            (Lines{"a.ini:2: workload.file: 'pipe' is not a regular file"}));
  EXPECT_EQ(problems("[workload]\nfile =\n"), (Lines{"a.ini:2: workload.file: has no value"}));
  EXPECT_EQ(problems("[workload]\nfile = in.bin\nfile_size = 5B\n"),
            (Lines{"a.ini:3: workload.file_size: is set, but so is workload.file at a.ini:2, "
                   "accepted: one of the two"}));
  EXPECT_EQ(problems("[workload]\nfile = in.bin\n", {{"workload.file_size=5B"}}),
            (Lines{"--set: workload.file_size: is set, but so is workload.file at a.ini:2, "
                   "accepted: one of the two"}));
}

TEST_F(ScenarioTest, ExpectationsAreCheckedWhenLoaded) {
  const Lines found = problems(
      "path = sendfile\n"
      "[expect]\n"
      "sendfil.elapsed_s = 5s\n"
      "read_write.elapsed_s = 5s\n"
      "sendfile.elapsed_s = 5\n"
      "sendfile.elapsed_s > = 5s\n"
      "sendfile.throughput = 1GB/s\n");
  ASSERT_EQ(found.size(), 5U);
  EXPECT_EQ(found[0],
            "a.ini:3: expect.sendfil.elapsed_s: 'sendfil' is no data path, accepted: sendfile "
            "(did you mean 'sendfile'?)");
  EXPECT_EQ(found[1],
            "a.ini:4: expect.read_write.elapsed_s: 'read_write' is not one of this scenario's "
            "paths, accepted: sendfile");
  EXPECT_EQ(found[2],
            "a.ini:5: expect.sendfile.elapsed_s: '5' has no unit, accepted: a time in ps, ns, us, "
            "ms or s");
  EXPECT_EQ(found[3],
            "a.ini:6: expect.sendfile.elapsed_s >: a bound stands after the '=', as in "
            "'sendfile.elapsed_s = >= 5s'");
  EXPECT_EQ(found[4].substr(0, found[4].find(", accepted")),
            "a.ini:7: expect.sendfile.throughput: 'throughput' is no metric");
}

TEST_F(ScenarioTest, APathOverrideKeepsTheScenariosExpectations) {
  const std::string text =
      "path = read_write sendfile\n[expect]\n"
      "read_write.elapsed_s / sendfile.elapsed_s = >= 1.5\nsendfile.packets = 3\n";
  const Scenario scenario = load(text, {{"path=sendfile", "--path"}});
  EXPECT_EQ(scenario.config.paths, (Lines{"sendfile"}));
  EXPECT_EQ(scenario.expectations.size(), 2U);
  // The dump keeps only what can be checked with these paths.
  const Scenario again = load(dump(scenario));
  ASSERT_EQ(again.expectations.size(), 1U);
  EXPECT_EQ(again.expectations[0].key, "sendfile.packets");
}

TEST_F(ScenarioTest, ExpectationsOfTheCommandLineReplaceThoseOfTheFile) {
  const Scenario scenario = load(
      "[expect]\nsendfile.packets = 3\n",
      {{"expect.sendfile.packets=4"}, {"expect.read_write.elapsed_s / sendfile.elapsed_s=>= 1.5"}});
  ASSERT_EQ(scenario.expectations.size(), 2U);
  EXPECT_EQ(scenario.expectations[0].origin, "--set");
  EXPECT_EQ(scenario.expectations[0].expected, 4);
  EXPECT_EQ(scenario.expectations[1].comparison, Comparison::kAtLeast);
}

TEST_F(ScenarioTest, ADumpLoadsBackAsTheSameConfiguration) {
  write("in.bin", "hello");
  write("host.ini", "[nic]\nrate = 33.333333333Gbps\n[memory]\nefficiency = 0.1234567890123456\n");
  const std::vector<std::string> texts{
      "timing = fluid\n",
      "host = host.ini\ntitle = All layers\ntiming = burst\npath = sendfile\n[cpu]\n"
      "syscall = 123.456789us\n[workload]\nclient_rate = 7.7Mbps\nfiles = 1\nclients = 7\n"
      "chunk = 12345B\n[expect]\nsendfile.throughput_Bps = 1.177GB/s +- 1%\n"
      "sendfile.elapsed_s / sendfile.cpu_busy_s = <= 5\n",
      "[workload]\nfile = in.bin\ndata = tags\n"};
  for (const std::string& text : texts) {
    const Scenario scenario = load(text);
    const std::string dumped = dump(scenario);
    const Scenario again = load(dumped);
    EXPECT_EQ(values_of(again.config), values_of(scenario.config));
    EXPECT_EQ(again.config.nic.rate, scenario.config.nic.rate);
    EXPECT_EQ(again.config.memory.efficiency, scenario.config.memory.efficiency);
    ASSERT_EQ(again.expectations.size(), scenario.expectations.size());
    for (std::size_t i = 0; i < again.expectations.size(); ++i) {
      EXPECT_EQ(again.expectations[i].key, scenario.expectations[i].key);
      EXPECT_EQ(again.expectations[i].value, scenario.expectations[i].value);
    }
    // Beyond the comment that names the profile, a dump of a dump is the dump.
    const std::string body = dumped.substr(dumped.find("# one line"));
    EXPECT_EQ(dump(again).substr(dump(again).find("# one line")), body);
  }
}

TEST_F(ScenarioTest, EveryKeyIsDumpedWithItsMeaning) {
  const std::string dumped = dump(load("timing = fluid\n"));
  for (const Key& key : keys()) {
    if (key.name == "host") continue;
    const std::string name =
        key.section().empty() ? key.name : key.name.substr(key.section().size() + 1);
    EXPECT_NE(dumped.find("\n" + name + " = " + key.default_text() + "\n"), std::string::npos);
    EXPECT_NE(dumped.find("# " + key.help), std::string::npos) << key.name;
  }
}

/// Loads what is most likely no scenario; anything but success and BadInput fails the test.
template <typename Load>
void survive(const Load& load) {
  try {
    load();
  } catch (const BadInput& bad) {
    EXPECT_FALSE(bad.problems().empty());
    for (const std::string& problem : bad.problems()) {
      EXPECT_EQ(problem.find('\n'), std::string::npos);
    }
  }
}

TEST_F(ScenarioTest, RandomBytesAreBadInput) {
  std::mt19937 random(3);
  for (int i = 0; i < 200; ++i) {
    std::string text(1 + random() % 200, ' ');
    for (char& c : text) c = static_cast<char>(random() % 256);
    text += '\0';
    EXPECT_FALSE(problems(text).empty());
    survive([&] { load("timing = fluid\n", {{text}}); });
  }
}

TEST_F(ScenarioTest, RandomWordsOfTheLanguageNeverCrash) {
  const std::vector<std::string> kWords{"[",         "]",
                                        "=",         "#",
                                        "\n",        "\n",
                                        " ",         ".",
                                        "..",        "*",
                                        "/",         "<=",
                                        "+-",        "5",
                                        "10Gbps",    "1e9",
                                        "64KiB",     "%",
                                        "cpu",       "cores",
                                        "nic",       "rate",
                                        "[nic]\n",   "[expect]\n",
                                        "[]\n",      "[workload]\n",
                                        "host",      "path",
                                        "sendfile",  "read_write",
                                        "elapsed_s", "syscalls.read",
                                        "none",      "title",
                                        "file",      "timing",
                                        "burst",     "\r\n",
                                        "\t",        "=\n",
                                        "= 5\n",     "bottleneck",
                                        "expect.",   "expect.*"};
  std::mt19937 random(4);
  for (int i = 0; i < 400; ++i) {
    std::string text;
    for (auto words = random() % 30; words > 0; --words) {
      text += kWords[random() % kWords.size()];
    }
    survive([&] { load(text); });
    survive([&] { load("timing = fluid\n", {{text}}); });
  }
}

}  // namespace
}  // namespace copypath
