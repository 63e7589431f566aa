import java.util.Map;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;

/** One block cache for all stores, large enough for the whole state of the bench, and bloom filters. */
public final class RocksSettings implements RocksDBConfigSetter {
    private static final Cache CACHE = new LRUCache(512L << 20);
    private static final BloomFilter FILTER = new BloomFilter(10, false);

    @Override
    public void setConfig(String store, Options options, Map<String, Object> settings) {
        BlockBasedTableConfig table = (BlockBasedTableConfig) options.tableFormatConfig();
        table.setBlockCache(CACHE);
        table.setFilterPolicy(FILTER);
        table.setCacheIndexAndFilterBlocks(true);
        table.setPinTopLevelIndexAndFilter(true);
        options.setTableFormatConfig(table);
        options.setWriteBufferSize(32L << 20);
    }

    @Override
    public void close(String store, Options options) {
        // The cache and the filter are shared by all stores and live as long as the process.
    }
}
