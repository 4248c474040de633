// Laws of lists of requests: every row is taken exactly, or refused with its line; an access log
// becomes such a list, whose times count from its earliest line.
#include "testbench/request_csv.h"

#include <gtest/gtest.h>

#include "testbench/access_log.h"
#include "testbench/csv.h"

namespace copypath {
namespace {

const std::string kHeading = std::string(kRequestHeading) + "\n";

TEST(Csv, FieldsComeBackAsTheyWere) {
  const std::vector<std::string> texts{"", "a", "a,b", "say \"hi\"", "\"", ",", "a b"};
  std::string line;
  for (const std::string& text : texts) line += (line.empty() ? "" : ",") + csv_field(text);
  line.insert(0, ",");  // the first text is empty, so nothing stood before the first comma
  EXPECT_EQ(*csv_fields(line), texts);
  EXPECT_EQ(csv_fields("a,\"b"), std::nullopt) << "does not end";
  EXPECT_EQ(csv_fields("\"a\"b"), std::nullopt) << "something follows its end";
}

TEST(RequestCsv, RowsAreTakenExactlyAndSortedByTime) {
  Problems problems;
  const auto list =
      read_request_list("# a comment\r\n" + kHeading +
                            "1.5,ann,/b,4096,100\n\n0,bob,/a,0,10\r\n0.000000000001,ann,/"
                            "a,5,7\n1.5,ann,\"/a,b\",0,1\n",
                        "x.csv", problems);
  ASSERT_TRUE(list) << problems.front();
  ASSERT_EQ(list->clients.size(), 2U);
  const auto& ann = list->clients[0];
  ASSERT_EQ(ann.size(), 3U);
  EXPECT_EQ(ann[0].time, sc_time::from_value(1)) << "a picosecond";
  EXPECT_EQ(ann[0].offset, Bytes(5));
  EXPECT_EQ(ann[0].bytes, Bytes(7));
  EXPECT_EQ(ann[1].time, sc_time(1.5, sc_core::SC_SEC));
  EXPECT_EQ(ann[1].file, 0U) << "files are numbered as they come up";
  EXPECT_EQ(ann[2].file, 2U) << "rows of one time keep their order";
  EXPECT_EQ(list->clients[1].size(), 1U);
  // A file is as large as what is asked for of it.
  EXPECT_EQ(list->file_sizes, (std::vector<Bytes>{Bytes(4196), Bytes(12), Bytes(1)}));
}

TEST(RequestCsv, EveryBadRowIsRefusedWithItsLine) {
  const std::vector<std::string> bad{"1,a,f,0",
                                     "1,a,f,0,1,2",
                                     "x,a,f,0,1",
                                     "-1,a,f,0,1",
                                     "1,,f,0,1",
                                     "1,a,,0,1",
                                     "1,a,f,-1,1",
                                     "1,a,f,0,0",
                                     "1,a,f,0,1e3",
                                     "1,a,f,0,",
                                     "1,a,\"f,0,1",
                                     "8640001,a,f,0,1",
                                     "1.0000000000001,a,f,0,1",
                                     "1.,a,f,0,1",
                                     "1,a,f, 0,1"};
  std::string text = kHeading;
  for (const std::string& row : bad) text += "0,a,f,0,1\n" + row + "\n";
  Problems problems;
  EXPECT_EQ(read_request_list(text, "x.csv", problems), nullptr);
  ASSERT_EQ(problems.size(), bad.size());
  for (std::size_t i = 0; i < bad.size(); ++i) {
    const std::string start = "x.csv:" + std::to_string(2 * i + 3) + ": ";
    EXPECT_EQ(problems[i].compare(0, start.size(), start), 0) << problems[i] << " for " << bad[i];
  }
}

TEST(RequestCsv, WantsAHeadingAndARow) {
  Problems problems;
  EXPECT_EQ(read_request_list("0,a,f,0,1\n", "x.csv", problems), nullptr);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems[0].find("x.csv:1: '0,a,f,0,1' is no heading"), std::string::npos);
  problems.clear();
  EXPECT_EQ(read_request_list(kHeading, "x.csv", problems), nullptr);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems[0].find("has no requests"), std::string::npos);
}

TEST(AccessLog, BecomesAListOfRequests) {
  const std::string log =
      "10.0.0.1 - - [10/Oct/2000:13:55:38 -0700] \"GET /a?x=1 HTTP/1.0\" 200 2326\n"
      "10.0.0.2 - frank [10/Oct/2000:20:55:36 +0000] \"GET /b,c HTTP/1.1\" 206 100 \"-\" \"x \\\" "
      "y\"\n"
      "10.0.0.2 - - [10/Oct/2000:20:55:37 +0000] \"POST /form HTTP/1.1\" 200 5\n"
      "10.0.0.2 - - [10/Oct/2000:20:55:37 +0000] \"GET /none HTTP/1.1\" 404 512\n"
      "10.0.0.2 - - [10/Oct/2000:20:55:37 +0000] \"GET /same HTTP/1.1\" 304 -\n"
      "10.0.0.3 - - [29/Feb/2004:00:00:00 +0000] \"\\x16\\x03\" 400 226\n"
      "10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET /a HTTP/1.0\" 200 3000\n";
  Problems problems;
  const ConvertedLog converted = convert_access_log(log, "access.log", problems);
  EXPECT_TRUE(problems.empty()) << problems.front();
  EXPECT_EQ(converted.csv, kHeading +
                               "0,10.0.0.2,\"/b,c\",0,100\n"
                               "0,10.0.0.1,/a,0,3000\n"
                               "2,10.0.0.1,/a,0,2326\n");
  EXPECT_EQ(converted.requests, 3U);
  EXPECT_EQ(converted.left_out, 4U);
  const auto list = read_request_list(converted.csv, "x.csv", problems);
  ASSERT_TRUE(list);
  EXPECT_EQ(list->file_sizes[1], Bytes(3000)) << "of /a: the largest response";
}

TEST(AccessLog, CountsSecondsAcrossMonthsAndLeapDays) {
  const auto line = [](const std::string& time) {
    return "h - - [" + time + "] \"GET /a HTTP/1.0\" 200 1\n";
  };
  Problems problems;
  const ConvertedLog converted = convert_access_log(
      line("28/Feb/2024:23:59:59 +0000") + line("01/Mar/2024:00:00:00 +0000") +
          line("28/Feb/2025:23:59:59 +0000") + line("01/Mar/2025:00:00:00 +0000"),
      "access.log", problems);
  const std::string year = std::to_string(366 * 86400);
  const std::string next = std::to_string(366 * 86400 + 1);
  EXPECT_EQ(converted.csv, kHeading + "0,h,/a,0,1\n86401,h,/a,0,1\n" + year + ",h,/a,0,1\n" + next +
                               ",h,/a,0,1\n");
}

TEST(AccessLog, EveryBadLineIsRefusedWithItsNumber) {
  const std::string good = "h - - [10/Oct/2000:13:55:36 -0700] \"GET /a HTTP/1.0\" 200 1";
  std::vector<std::string> bad{"", "x"};
  bad[0] = "h - -";
  for (const char* const part : {"10/Oct", "13:55", "-0700", "\"GET", "200", " 1"}) {
    std::string damaged = good;
    damaged.replace(damaged.find(part), 3, "~");
    if (std::string(part) == " 1") damaged = good.substr(0, good.size() - 1) + "x";
    bad.push_back(damaged);
  }
  const auto with = [&](const std::string& part, const std::string& other) {
    std::string damaged = good;
    damaged.replace(damaged.find(part), part.size(), other);
    bad.push_back(damaged);
  };
  with("10/Oct", "31/Sep");
  with("10/Oct/2000", "29/Feb/2100");
  with("-0700", "-0760");
  with("-0700", "+2400");
  with("200 1", "200 1 more");
  with("200 1", "600 1");
  std::string log;
  for (const std::string& line : bad) log += good + "\n" + line + "\n";
  Problems problems;
  convert_access_log(log, "access.log", problems);
  std::string all;
  for (const std::string& problem : problems) all += problem + "\n";
  for (std::size_t i = 0; i < bad.size(); ++i) {
    EXPECT_NE(all.find("access.log:" + std::to_string(2 * i + 2) + ": "), std::string::npos)
        << bad[i];
    EXPECT_EQ(all.find("access.log:" + std::to_string(2 * i + 1) + ": "), std::string::npos);
  }
}

}  // namespace
}  // namespace copypath
