// Laws of what a scenario refers to: an input file gives size and bytes, and expectations are
// checked when they are loaded, those of the file and those of the command line.
#include "testbench/tests/scenario_bench.h"

namespace copypath {
namespace {

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

}  // namespace
}  // namespace copypath
