// Laws of taking bytes out of the page cache: a read copies exactly what is asked for, up to the
// end of the file; a splice takes references to at most the 16 pages that the internal pipe holds,
// so one that begins within a page is that much shorter.
#include "models/kernel/file_read.h"

#include "testbench/tests/kernel_bench.h"

namespace copypath {
namespace {

class FileReadTest : public KernelTest {
protected:
  FileReadTest() { config_.workload.file_size = Bytes(500'000); }

  OpenFile open_at(std::uint64_t position) {
    OpenFile file = page_cache().open(0);
    file.position = Bytes(position);
    return file;
  }
};

TEST_F(FileReadTest, ReadCopiesWhatIsAskedFor) {
  spawn_task([&](Task& task) {
    const std::uint64_t buffer = bench().buffer(0, 0, 300'000).front().address;
    OpenFile file = open_at(1234);
    EXPECT_EQ(filemap_read(task, page_cache(), file, buffer, Bytes(300'000)), Bytes(300'000));
    EXPECT_EQ(file.position, Bytes(301'234));
    Content content;
    bench().memory.ports[0].dma_read(Movement::kTransmitCopy, {{buffer, 300'000}}, content,
                                     Rate(1e9));
    EXPECT_TRUE(bench().media.holds(0, 1234, Bytes(300'000), content));
  });
  run();
  EXPECT_EQ(bench().memory.ledger.account(Movement::kCopyToUser).bytes, 300'000U);
}

TEST_F(FileReadTest, ReadEndsAtTheEndOfTheFile) {
  spawn_task([&](Task& task) {
    const std::uint64_t buffer = bench().buffer(0, 0, 65536).front().address;
    OpenFile file = open_at(499'000);
    EXPECT_EQ(filemap_read(task, page_cache(), file, buffer, Bytes(65536)), Bytes(1000));
    EXPECT_EQ(filemap_read(task, page_cache(), file, buffer, Bytes(65536)), Bytes(0));
  });
  run();
}

TEST_F(FileReadTest, SpliceTakesAsManyPagesAsThePipeHolds) {
  for (const std::uint64_t position : {0, 1, 4095, 4096, 10'000}) {
    spawn_task([=](Task& task) {
      OpenFile file = open_at(position);
      const FragmentList pages = filemap_splice_read(task, page_cache(), file, Bytes(400'000));
      EXPECT_EQ(count_of(pages), 16U) << position;
      EXPECT_EQ(size_of(pages), Bytes(65536 - position % 4096)) << position;
      EXPECT_EQ(file.position, Bytes(position) + size_of(pages));
      for (const Fragment& page : pages) bench().kernel.skbs.put(page);
    });
  }
  run();
  EXPECT_EQ(bench().memory.ledger.bytes(Purpose::kCopy), Bytes(0)) << "references only";
}

TEST_F(FileReadTest, SpliceTakesNoMoreThanIsAskedForOrThere) {
  spawn_task([&](Task& task) {
    OpenFile file = open_at(4000);
    FragmentList pages = filemap_splice_read(task, page_cache(), file, Bytes(200));
    EXPECT_EQ(size_of(pages), Bytes(200));
    EXPECT_EQ(count_of(pages), 2U) << "a buffer for each page";
    for (const Fragment& page : pages) bench().kernel.skbs.put(page);
    file = open_at(499'999);
    pages = filemap_splice_read(task, page_cache(), file, Bytes(65536));
    EXPECT_EQ(size_of(pages), Bytes(1));
    for (const Fragment& page : pages) bench().kernel.skbs.put(page);
  });
  run();
}

}  // namespace
}  // namespace copypath
