import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * All subscriptions of an instrument in one cached value: the last quote in front, then a row for each
 * subscription. A quote goes over the bytes of the rows and makes no objects of them.
 *
 * <p>Value: known (1), last value (8), last event time (8), then rows: size (4), low (8), high (8),
 * version (8), notify_cleared (1), size of the id (2), id, user.
 */
final class OneValue {
    static final String STORE = "instruments";
    private static final int LAST_VALUE = 1;
    private static final int LAST_TIME = 9;
    private static final int ROWS = 17;
    private static final int ROW_LOW = 4;
    private static final int ROW_HIGH = 12;
    private static final int ROW_VERSION = 20;
    private static final int ROW_NOTIFY = 28;
    private static final int ROW_ID_SIZE = 29;
    private static final int ROW_ID = 31;

    private OneValue() {
    }

    /** What both inputs share. */
    private abstract static class Input implements Processor<byte[], byte[], byte[], byte[]> {
        private final int schemaId;
        KeyValueStore<byte[], byte[]> store;
        Alerts alerts;

        Input(int schemaId) {
            this.schemaId = schemaId;
        }

        @Override
        public void init(ProcessorContext<byte[], byte[]> context) {
            store = context.getStateStore(STORE);
            alerts = new Alerts(schemaId, context);
        }

        void raise(Alerts.Judgement judgement, ByteBuffer state, int row, int side, boolean entered, boolean initial) {
            byte[] bytes = state.array();
            int idEnd = row + ROW_ID + state.getShort(row + ROW_ID_SIZE);
            alerts.raise(judgement, Arrays.copyOfRange(bytes, row + ROW_ID, idEnd),
                Arrays.copyOfRange(bytes, idEnd, row + state.getInt(row)), state.getLong(row + ROW_VERSION),
                state.get(row + ROW_NOTIFY) != 0, side, entered, initial,
                state.getDouble(row + (side == Alerts.LOW ? ROW_LOW : ROW_HIGH)));
        }
    }

    static final class Quotes extends Input {
        private final Quote quote = new Quote();

        Quotes(int schemaId) {
            super(schemaId);
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            quote.read(record.value());
            byte[] stored = store.get(record.key());
            byte[] bytes = stored == null ? new byte[ROWS] : stored.clone();
            ByteBuffer state = ByteBuffer.wrap(bytes);
            boolean known = bytes[0] != 0;
            double before = state.getDouble(LAST_VALUE);
            if (known && quote.eventTime < state.getLong(LAST_TIME)) {
                return;
            }
            judge(record, state, known, before);
            bytes[0] = 1;
            state.putDouble(LAST_VALUE, quote.value);
            state.putLong(LAST_TIME, quote.eventTime);
            store.put(record.key(), bytes);
        }

        private void judge(Record<byte[], byte[]> record, ByteBuffer state, boolean known, double before) {
            double now = quote.value;
            Alerts.Judgement judgement = null;
            for (int row = ROWS; row < state.capacity(); row += state.getInt(row)) {
                double low = state.getDouble(row + ROW_LOW);
                double high = state.getDouble(row + ROW_HIGH);
                boolean lowMoves = now < low != (known && before < low);
                boolean highMoves = now > high != (known && before > high);
                if (!lowMoves && !highMoves) {
                    continue;
                }
                if (judgement == null) {
                    judgement = new Alerts.Judgement(record.key(), now, known ? before : null, quote.eventTime, true,
                        record.timestamp());
                }
                if (lowMoves) {
                    raise(judgement, state, row, Alerts.LOW, now < low, !known);
                }
                if (highMoves) {
                    raise(judgement, state, row, Alerts.HIGH, now > high, !known);
                }
            }
        }
    }

    static final class Subscriptions extends Input {
        Subscriptions(int schemaId) {
            super(schemaId);
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            Subscription subscription = Subscription.of(record.value());
            byte[] stored = store.get(record.key());
            byte[] before = stored == null ? new byte[ROWS] : stored;
            if (before[0] != 0) {
                throw new IllegalStateException("the peer takes subscriptions before quotes: " + subscription);
            }
            int size = ROW_ID + subscription.id.length + subscription.user.length;
            byte[] after = Arrays.copyOf(before, before.length + size);
            ByteBuffer.wrap(after, before.length, size).putInt(size).putDouble(subscription.low).putDouble(subscription.high)
                .putLong(subscription.version).put((byte) (subscription.notifyCleared ? 1 : 0))
                .putShort((short) subscription.id.length).put(subscription.id).put(subscription.user);
            store.put(record.key(), after);
        }
    }
}
