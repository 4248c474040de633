// Laws of the loader: later layers win, nothing that cannot be read becomes a default, a dump loads
// back as the same configuration, and whatever bytes come, there is an answer.
#include "testbench/scenario.h"

#include <sys/stat.h>

#include <random>

#include "testbench/tests/scenario_bench.h"

namespace copypath {
namespace {

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
