// Laws of the table of keys: every default is acceptable and reads back, names are unique, ranges
// hold at their edges, and every key has a meaning and a source.
#include "testbench/keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "testbench/quantity.h"

namespace copypath {
namespace {

std::string reason(const std::string& key, const std::string& value) {
  Config config;
  try {
    find_key(key)->set(config, value);
  } catch (const BadValue& bad) {
    return bad.what();
  }
  return "accepted";
}

std::string value_after(const std::string& key, const std::string& value) {
  Config config;
  find_key(key)->set(config, value);
  return find_key(key)->get(config);
}

TEST(Keys, EveryKeyIsDescribedOnce) {
  std::set<std::string> names;
  for (const Key& key : keys()) {
    EXPECT_TRUE(names.insert(key.name).second) << key.name;
    EXPECT_FALSE(key.help.empty()) << key.name;
    EXPECT_FALSE(key.source.empty()) << key.name;
    EXPECT_EQ(find_key(key.name), &key);
    EXPECT_EQ(key.help.find_first_of("|#\n"), std::string::npos) << key.name;
    EXPECT_EQ(key.source.find_first_of("|#\n"), std::string::npos) << key.name;
  }
  EXPECT_EQ(find_key("nic.rat"), nullptr);
}

TEST(Keys, SectionsAreContiguous) {
  const std::vector<std::string>& all = sections();
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size());
}

TEST(Keys, EveryDefaultIsInRangeAndReadsBack) {
  for (const Key& key : keys()) {
    if (key.default_text().empty()) continue;
    if (key.name == "path") continue;  // depends on the paths that are there
    EXPECT_EQ(reason(key.name, key.default_text()), "accepted") << key.name;
    EXPECT_EQ(value_after(key.name, key.default_text()), key.default_text());
  }
}

TEST(Keys, EveryRangeHoldsAtItsEdges) {
  for (const Key& key : keys()) {
    const std::size_t to = key.accepted.find(" to ");
    if (to == std::string::npos) continue;
    const std::string least = key.accepted.substr(0, to);
    const std::string most = key.accepted.substr(to + 4, key.accepted.find(',') - to - 4);
    EXPECT_EQ(reason(key.name, least), "accepted") << key.name;
    EXPECT_EQ(reason(key.name, most), "accepted") << key.name;
    EXPECT_EQ(reason(key.name, "9" + most),
              "'9" + most + "' is out of range, accepted: " + key.accepted)
        << key.name;
  }
}

TEST(Keys, AKeySetsItsField) {
  Config config;
  find_key("nic.rate")->set(config, "25Gbps");
  find_key("cpu.cores")->set(config, "4");
  find_key("memory.write_allocate")->set(config, "on");
  find_key("memory.arbitration")->set(config, "weighted");
  find_key("page_cache.warm")->set(config, "50%");
  find_key("disk.latency")->set(config, "8.5ms");
  find_key("path")->set(config, "sendfile \t read_write");
  find_key("title")->set(config, "Two copies less");
  EXPECT_EQ(config.nic.rate, Rate::bits(25e9));
  EXPECT_EQ(config.cpu.cores, 4U);
  EXPECT_TRUE(config.memory.write_allocate);
  EXPECT_EQ(config.memory.arbitration, Arbitration::kWeighted);
  EXPECT_EQ(config.page_cache.warm, 0.5);
  EXPECT_EQ(config.disk.latency, microseconds(8500));
  EXPECT_EQ(config.paths, (std::vector<std::string>{"sendfile", "read_write"}));
  EXPECT_EQ(config.title, "Two copies less");
  EXPECT_EQ(find_key("path")->get(config), "sendfile read_write");
}

TEST(Keys, WordsForZero) {
  Config config;
  EXPECT_EQ(find_key("workload.client_rate")->get(config), "none");
  EXPECT_EQ(find_key("workload.files")->get(config), "per_client");
  config.workload.files = 3;
  find_key("workload.files")->set(config, "per_client");
  EXPECT_EQ(config.workload.files, 0U);
  EXPECT_EQ(reason("workload.files", "0"),
            "'0' is out of range, accepted: 1 to 100000, or per_client");
  EXPECT_EQ(reason("workload.client_rate", "0Gbps"),
            "'0Gbps' is out of range, accepted: 1kbps to 10Tbps, or none");
}

TEST(Keys, SwitchesHaveThreeSpellings) {
  for (const char* word : {"true", "on", "yes"}) {
    EXPECT_EQ(value_after("memory.write_allocate", word), "true");
  }
  for (const char* word : {"false", "off", "no"}) {
    EXPECT_EQ(value_after("memory.write_allocate", word), "false");
  }
  EXPECT_EQ(reason("memory.write_allocate", "1"),
            "'1' is not a switch, accepted: true or false (on/off, yes/no)");
}

TEST(Keys, BadValuesNameWhatIsAccepted) {
  EXPECT_EQ(reason("cpu.cores", "0"), "'0' is out of range, accepted: 1 to 256");
  EXPECT_EQ(reason("cpu.cores", "4294967297"), "'4294967297' is out of range, accepted: 1 to 256");
  EXPECT_EQ(reason("nic.ring", "18"), "'18' is out of range, accepted: 19 to 65536");
  EXPECT_EQ(reason("nic.rate", "0Gbps"), "'0Gbps' is out of range, accepted: 1kbps to 10Tbps");
  EXPECT_EQ(reason("workload.chunk", "2147479553B"),
            "'2147479553B' is out of range, accepted: 1B to 2147479552B");
  EXPECT_EQ(reason("memory.efficiency", "75"), "'75' is out of range, accepted: 0.01 to 1");
  EXPECT_EQ(reason("timing", "brust"),
            "'brust' is unknown, accepted: fluid or burst (did you mean 'burst'?)");
  const std::string twice = reason("path", "sendfile sendfil sendfile");
  EXPECT_EQ(twice.substr(0, twice.find(", accepted")),
            "'sendfil' is no data path (did you mean 'sendfile'?); 'sendfile' is listed twice");
  EXPECT_NE(twice.find(", accepted: "), std::string::npos);
}

TEST(Keys, Suggestions) {
  EXPECT_EQ(suggest_key("nic.rat"), " (did you mean 'nic.rate'?)");
  EXPECT_EQ(suggest_key("clients"), " (did you mean 'workload.clients'?)");
  EXPECT_EQ(suggest_key("cpu.mtu"), " (did you mean 'nic.mtu'?)");
  EXPECT_EQ(suggest_key("CPU.Cores"), " (did you mean 'cpu.cores'?)");
  EXPECT_EQ(suggest_key("colour"), "");
}

TEST(Keys, EveryKeyIsListed) {
  const std::string text = keys_as_text();
  const std::string markdown = keys_as_markdown();
  for (const Key& key : keys()) {
    EXPECT_NE(text.find("\n" + key.name + " "), std::string::npos) << key.name;
    EXPECT_NE(markdown.find("\n| `" + key.name + "` | "), std::string::npos) << key.name;
  }
  EXPECT_NE(text.find("[assumed]\n"), std::string::npos);
}

}  // namespace
}  // namespace copypath
