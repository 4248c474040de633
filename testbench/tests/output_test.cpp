// Output files appear whole or not at all: whatever goes wrong, the old file stays as it was and
// no temporary is left behind.
#include "testbench/output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "models/platform/simulate.h"
#include "testbench/run_outputs.h"

namespace copypath {
namespace {

namespace fs = std::filesystem;

class Output : public testing::Test {
protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "copypath-test-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string in_folder(const std::string& name) const { return (folder_ / name).string(); }

  static void put(const std::string& file, const std::string& text) { std::ofstream(file) << text; }

  static std::string content(const std::string& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), {}));
  }

  fs::path folder_;
};

/// The message with which `target` is refused, or "".
std::string refusal(const std::string& target) {
  try {
    const OutputFile file(target);
  } catch (const OutputError& error) {
    return error.what();
  }
  return "";
}

TEST_F(Output, AppearsWholeAtCommitAndNotBefore) {
  const std::string target = in_folder("result.json");
  put(target, "old");
  OutputFile file(target);
  file.write("new");
  EXPECT_EQ(content(target), "old");
  file.commit();
  EXPECT_EQ(content(target), "new");
  EXPECT_EQ(files(), 1u);
}

TEST_F(Output, LeavesTheOldFileAndNoTemporaryWhenNotCommitted) {
  const std::string target = in_folder("result.json");
  put(target, "old");
  { OutputFile(target).write("new"); }
  EXPECT_EQ(content(target), "old");
  EXPECT_EQ(files(), 1u);
}

TEST_F(Output, TemporaryLiesBesideTheTargetWithTheSuffixThatIsWanted) {
  const OutputFile file(in_folder("trace"), ".vcd");
  EXPECT_EQ(fs::path(file.path()).parent_path(), folder_);
  EXPECT_EQ(fs::path(file.path()).extension(), ".vcd");
  EXPECT_TRUE(fs::exists(file.path()));
}

TEST_F(Output, KeepsTheModeOfTheOldFileAndObeysTheMaskForANewOne) {
  const auto mode_of = [](const std::string& name) {
    struct stat status {};
    EXPECT_EQ(stat(name.c_str(), &status), 0);
    return status.st_mode & 07777;
  };
  const std::string old_file = in_folder("old");
  put(old_file, "");
  chmod(old_file.c_str(), 0600);
  const mode_t mask = umask(027);
  for (const std::string& name : {old_file, in_folder("new")}) OutputFile(name).commit();
  umask(mask);
  EXPECT_EQ(mode_of(old_file), 0600u);
  EXPECT_EQ(mode_of(in_folder("new")), 0640u);
}

TEST_F(Output, FollowsALinkInsteadOfReplacingIt) {
  put(in_folder("real"), "old");
  fs::create_symlink("real", folder_ / "link");
  OutputFile file(in_folder("link"));
  file.write("new");
  file.commit();
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
  EXPECT_EQ(content(in_folder("real")), "new");
}

TEST_F(Output, RefusesWhatCannotBeWritten) {
  put(in_folder("file"), "");
  EXPECT_NE(refusal(in_folder("missing/x.json")).find("does not exist"), std::string::npos);
  EXPECT_NE(refusal(folder_.string()).find("it is a folder"), std::string::npos);
  EXPECT_NE(refusal(in_folder("no/")).find("it is a folder"), std::string::npos);
  EXPECT_NE(refusal(in_folder("file/x.json")), "");
  EXPECT_NE(refusal(in_folder(std::string(300, 'x'))), "");
  EXPECT_NE(refusal(""), "");
  EXPECT_EQ(files(), 1u);
}

TEST_F(Output, AnyNameThatTheFileSystemTakesIsAccepted) {
  OutputFile file(in_folder(std::string(255, 'x')));
  EXPECT_NO_THROW(file.commit());
  EXPECT_EQ(files(), 1u);
}

TEST_F(Output, RefusesAFolderWithoutPermission) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  fs::permissions(folder_, fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_NE(refusal(in_folder("x")).find("Permission denied"), std::string::npos);
  fs::permissions(folder_, fs::perms::owner_all);
}

TEST_F(Output, WritesIntoADeviceAndSaysThatItIsFull) {
  // Not /dev/full: root could replace that by mistake.
  const std::string full = in_folder("full");
  const bool made = mknod(full.c_str(), S_IFCHR | 0600, makedev(1, 7)) == 0;
  const int device = made ? open(full.c_str(), O_WRONLY | O_CLOEXEC) : -1;
  if (device < 0) GTEST_SKIP() << "this user may not make a device";
  close(device);
  std::string temporary;
  {
    OutputFile file(full, ".vcd");
    temporary = file.path();
    EXPECT_FALSE(file.is_replaceable());
    file.write("x");
    try {
      file.commit();
      FAIL() << "writing to a full device must fail";
    } catch (const OutputError& error) {
      EXPECT_EQ(error.what(), "cannot write " + full + ": No space left on device");
    }
  }
  EXPECT_TRUE(fs::is_character_file(full));
  EXPECT_FALSE(fs::exists(temporary));
}

TEST_F(Output, WritesIntoAPipeWithoutReplacingIt) {
  const std::string pipe = in_folder("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  OutputFile file(pipe);
  file.write("whole");
  file.commit();
  std::string text(16, '\0');
  const ssize_t size = read(reader, text.data(), text.size());
  close(reader);
  EXPECT_EQ(text.substr(0, size < 0 ? 0 : static_cast<std::size_t>(size)), "whole");
  EXPECT_TRUE(fs::is_fifo(pipe));
  EXPECT_EQ(files(), 1u);
}

TEST_F(Output, NamesOfOneFileAreRecognised) {
  put(in_folder("a"), "");
  fs::create_symlink("a", folder_ / "b");
  EXPECT_TRUE(same_file(in_folder("a"), in_folder("./a")));
  EXPECT_TRUE(same_file(in_folder("a"), in_folder("b")));
  EXPECT_TRUE(same_file(in_folder("new"), in_folder("./new")));
  EXPECT_TRUE(same_file("no-such-file", "./no-such-file"));
  EXPECT_FALSE(same_file("", ".")) << "an empty name means no file";
  EXPECT_FALSE(same_file("", ""));
  EXPECT_FALSE(same_file(in_folder("a"), in_folder("new")));
}

TEST(NameForPath, PathGoesBeforeTheExtension) {
  EXPECT_EQ(name_for_path("/tmp/no-such.vcd", "sendfile", ".vcd"), "/tmp/no-such.sendfile.vcd");
  EXPECT_EQ(name_for_path("/tmp/no-such", "sendfile", ".vcd"), "/tmp/no-such.sendfile.vcd");
  EXPECT_EQ(name_for_path("/tmp/a.vcd", "sendfile", ".pcap"), "/tmp/a.vcd.sendfile.pcap");
  EXPECT_EQ(name_for_path("/dev/null", "sendfile", ".vcd"), "/dev/null");
}

TEST_F(Output, RunRefusesToOverwriteItsInputsOrOneOutputWithAnother) {
  const std::string scenario = in_folder("scenario.ini");
  const std::string out = in_folder("out.vcd");
  put(scenario, "x");
  const std::vector<std::string> one{"sendfile"};
  const std::vector<std::string> two{"a", "b"};
  EXPECT_THROW(RunOutputs({scenario, "", ""}, one, {scenario}), OutputError);
  EXPECT_THROW(RunOutputs({"", scenario, ""}, one, {scenario}), OutputError);
  EXPECT_THROW(RunOutputs({"", "", scenario}, one, {scenario}), OutputError);
  EXPECT_THROW(RunOutputs({out, out, ""}, one, {scenario}), OutputError);
  EXPECT_THROW(RunOutputs({"", out, out}, one, {scenario}), OutputError);
  EXPECT_THROW(RunOutputs({in_folder("out.a.vcd"), out, ""}, two, {scenario}), OutputError);
  EXPECT_THROW(RunOutputs({in_folder("out.a.pcap"), "", in_folder("out")}, two, {scenario}),
               OutputError);
  EXPECT_EQ(content(scenario), "x");
  EXPECT_EQ(files(), 1u);
}

}  // namespace
}  // namespace copypath
