import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * An ordered store of thresholds: a quote that moves a value from p to v scans the keys from p to v.
 *
 * <p>Key: instrument, 0, threshold as 8 bytes that sort as it does, side (1), id. Value: version (8),
 * notify_cleared (1), size of the id (2), id, user. The last quotes are in a second, cached store.
 */
final class RangeScan {
    static final String THRESHOLDS = "thresholds";
    static final String QUOTES = "last-quotes";
    private static final int THRESHOLD_BYTES = 8;
    private static final int VALUE_ID = 11;

    private RangeScan() {
    }

    /** Doubles as bytes in the order of their values. */
    private static long sortable(double value) {
        long bits = Double.doubleToRawLongBits(value);
        return bits < 0 ? ~bits : bits ^ Long.MIN_VALUE;
    }

    private static double value(long sortable) {
        return Double.longBitsToDouble(sortable < 0 ? sortable ^ Long.MIN_VALUE : ~sortable);
    }

    /** The key up to a threshold; `last` makes it greater than every key with that threshold. */
    private static byte[] bound(byte[] instrument, double threshold, boolean last) {
        byte[] key = Arrays.copyOf(instrument, instrument.length + 2 + THRESHOLD_BYTES);
        ByteBuffer.wrap(key, instrument.length + 1, THRESHOLD_BYTES).putLong(sortable(threshold));
        key[key.length - 1] = (byte) (last ? 0x7f : 0);
        return key;
    }

    static final class Quotes implements Processor<byte[], byte[], byte[], byte[]> {
        private static final int STATE_BYTES = 16;
        private final int schemaId;
        private final Quote quote = new Quote();
        private KeyValueStore<byte[], byte[]> thresholds;
        private KeyValueStore<byte[], byte[]> quotes;
        private Alerts alerts;

        Quotes(int schemaId) {
            this.schemaId = schemaId;
        }

        @Override
        public void init(ProcessorContext<byte[], byte[]> context) {
            thresholds = context.getStateStore(THRESHOLDS);
            quotes = context.getStateStore(QUOTES);
            alerts = new Alerts(schemaId, context);
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            quote.read(record.value());
            byte[] stored = quotes.get(record.key());
            ByteBuffer state = stored == null ? null : ByteBuffer.wrap(stored);
            if (state != null && quote.eventTime < state.getLong(8)) {
                return;
            }
            if (state == null) {
                scan(record, null, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);
            } else if (state.getDouble(0) != quote.value) {
                double before = state.getDouble(0);
                scan(record, before, Math.min(before, quote.value), Math.max(before, quote.value));
            }
            byte[] now = new byte[STATE_BYTES];
            ByteBuffer.wrap(now).putDouble(quote.value).putLong(quote.eventTime);
            quotes.put(record.key(), now);
        }

        private void scan(Record<byte[], byte[]> record, Double before, double from, double to) {
            Alerts.Judgement judgement = null;
            byte[] first = bound(record.key(), from, false);
            byte[] last = bound(record.key(), to, true);
            try (KeyValueIterator<byte[], byte[]> found = thresholds.range(first, last)) {
                while (found.hasNext()) {
                    if (judgement == null) {
                        judgement = new Alerts.Judgement(record.key(), quote.value, before, quote.eventTime, true,
                            record.timestamp());
                    }
                    judge(judgement, found.next());
                }
            }
        }

        private void judge(Alerts.Judgement judgement, KeyValue<byte[], byte[]> entry) {
            int at = judgement.instrument().length + 1;
            double threshold = RangeScan.value(ByteBuffer.wrap(entry.key).getLong(at));
            int side = entry.key[at + THRESHOLD_BYTES];
            boolean isBeyond = beyond(side, judgement.value(), threshold);
            boolean wasBeyond = judgement.previous() != null && beyond(side, judgement.previous(), threshold);
            if (isBeyond == wasBeyond) {
                return;
            }
            ByteBuffer row = ByteBuffer.wrap(entry.value);
            int idEnd = VALUE_ID + row.getShort(9);
            alerts.raise(judgement, Arrays.copyOfRange(entry.value, VALUE_ID, idEnd),
                Arrays.copyOfRange(entry.value, idEnd, entry.value.length), row.getLong(0), row.get(8) != 0, side, isBeyond,
                judgement.previous() == null, threshold);
        }

        private static boolean beyond(int side, double value, double threshold) {
            return side == Alerts.LOW ? value < threshold : value > threshold;
        }
    }

    static final class Subscriptions implements Processor<byte[], byte[], byte[], byte[]> {
        private KeyValueStore<byte[], byte[]> thresholds;

        @Override
        public void init(ProcessorContext<byte[], byte[]> context) {
            thresholds = context.getStateStore(THRESHOLDS);
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            Subscription subscription = Subscription.of(record.value());
            put(record.key(), subscription, Alerts.LOW, subscription.low);
            put(record.key(), subscription, Alerts.HIGH, subscription.high);
        }

        private void put(byte[] instrument, Subscription subscription, int side, double threshold) {
            if (Double.isNaN(threshold)) {
                return;
            }
            byte[] front = bound(instrument, threshold, false);
            byte[] key = Arrays.copyOf(front, front.length + subscription.id.length);
            key[front.length - 1] = (byte) side;
            System.arraycopy(subscription.id, 0, key, front.length, subscription.id.length);
            byte[] value = new byte[VALUE_ID + subscription.id.length + subscription.user.length];
            ByteBuffer.wrap(value).putLong(subscription.version).put((byte) (subscription.notifyCleared ? 1 : 0))
                .putShort((short) subscription.id.length).put(subscription.id).put(subscription.user);
            thresholds.put(key, value);
        }
    }
}
