import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * The alerts of soglia as a Kafka Streams application, in one of two topologies.
 *
 * <p>Words: variant (one-value or range-scan), brokers, prefix of the inputs, topic of the alerts, application
 * id, state folder, schema id of an alert, session time-out in ms.
 */
public final class StreamsPeer {
    private StreamsPeer() {
    }

    public static void main(String[] words) throws InterruptedException {
        int schemaId = Integer.parseInt(words[6]);
        Topology topology = switch (words[0]) {
            case "one-value" -> oneValue(words[2], words[3], schemaId);
            case "range-scan" -> rangeScan(words[2], words[3], schemaId);
            default -> throw new IllegalArgumentException("no such variant: " + words[0]);
        };
        KafkaStreams streams = new KafkaStreams(topology, settings(words));
        streams.setUncaughtExceptionHandler(failure -> {
            failure.printStackTrace();
            return StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            streams.close();
            stopped.countDown();
        }));
        streams.start();
        stopped.await();
    }

    private static Topology inputs(String prefix) {
        return new Topology()
            .addSource("subscriptions", Serdes.ByteArray().deserializer(), Serdes.ByteArray().deserializer(), prefix + "subscriptions")
            .addSource("quotes", Serdes.ByteArray().deserializer(), Serdes.ByteArray().deserializer(), prefix + "quotes");
    }

    private static Topology withSink(Topology topology, String alerts) {
        return topology.addSink("alerts", alerts, Serdes.ByteArray().serializer(), Serdes.ByteArray().serializer(),
            "take-subscriptions", "take-quotes");
    }

    private static Topology oneValue(String prefix, String alerts, int schemaId) {
        Topology topology = inputs(prefix)
            .addProcessor("take-subscriptions", OneValue.Subscriptions::new, "subscriptions")
            .addProcessor("take-quotes", () -> new OneValue.Quotes(schemaId), "quotes")
            .addStateStore(store(OneValue.STORE, Instrument.serde()).withCachingEnabled(), "take-subscriptions", "take-quotes");
        return withSink(topology, alerts);
    }

    /** The scanned store is not cached: a cache would only have to be merged into every scan. */
    private static Topology rangeScan(String prefix, String alerts, int schemaId) {
        Topology topology = inputs(prefix)
            .addProcessor("take-subscriptions", RangeScan.Subscriptions::new, "subscriptions")
            .addProcessor("take-quotes", () -> new RangeScan.Quotes(schemaId), "quotes")
            .addStateStore(store(RangeScan.THRESHOLDS, Serdes.ByteArray()).withCachingDisabled(), "take-subscriptions", "take-quotes")
            .addStateStore(store(RangeScan.QUOTES, Serdes.ByteArray()).withCachingEnabled(), "take-quotes");
        return withSink(topology, alerts);
    }

    private static <V> StoreBuilder<KeyValueStore<byte[], V>> store(String name, Serde<V> values) {
        return Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), Serdes.ByteArray(), values)
            .withLoggingEnabled(Map.of("compression.type", "producer"));
    }

    private static Properties settings(String[] words) {
        Properties all = new Properties();
        all.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, words[1]);
        all.put(StreamsConfig.APPLICATION_ID_CONFIG, words[4]);
        all.put(StreamsConfig.STATE_DIR_CONFIG, words[5]);
        all.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        all.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
        all.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        all.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 512L << 20);
        all.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 20000);
        all.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, RocksSettings.class);
        all.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 20000);
        all.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG), 8 << 20);
        all.put(StreamsConfig.consumerPrefix(ConsumerConfig.FETCH_MAX_BYTES_CONFIG), 64 << 20);
        all.put(StreamsConfig.consumerPrefix(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG), 50);
        all.put(StreamsConfig.consumerPrefix(ConsumerConfig.RECEIVE_BUFFER_CONFIG), 1 << 20);
        all.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        all.put(StreamsConfig.consumerPrefix(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG), words[4]);
        all.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), Integer.parseInt(words[7]));
        all.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), Integer.parseInt(words[7]) / 4);
        all.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
        all.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 256 << 10);
        all.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 20);
        all.put(StreamsConfig.producerPrefix(ProducerConfig.BUFFER_MEMORY_CONFIG), 128L << 20);
        return all;
    }
}
