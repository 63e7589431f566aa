import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** All subscriptions of an instrument in one cached value, read and written whole for each quote. */
final class OneValue {
    static final String STORE = "instruments";

    private OneValue() {
    }

    static final class Quotes implements Processor<byte[], byte[], byte[], byte[]> {
        private final int schemaId;
        private final Quote quote = new Quote();
        private KeyValueStore<byte[], Instrument> store;
        private Alerts alerts;

        Quotes(int schemaId) {
            this.schemaId = schemaId;
        }

        @Override
        public void init(ProcessorContext<byte[], byte[]> context) {
            store = context.getStateStore(STORE);
            alerts = new Alerts(schemaId, context);
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            quote.read(record.value());
            Instrument stored = store.get(record.key());
            Instrument instrument = stored == null ? new Instrument() : stored;
            if (instrument.known && quote.eventTime < instrument.lastTime) {
                return;
            }
            judge(record, instrument);
            instrument.known = true;
            instrument.lastValue = quote.value;
            instrument.lastTime = quote.eventTime;
            store.put(record.key(), instrument);
        }

        private void judge(Record<byte[], byte[]> record, Instrument instrument) {
            double now = quote.value;
            double before = instrument.lastValue;
            boolean known = instrument.known;
            Alerts.Judgement judgement = null;
            for (Instrument.Row row : instrument.rows) {
                boolean lowMoves = now < row.low() != (known && before < row.low());
                boolean highMoves = now > row.high() != (known && before > row.high());
                if (!lowMoves && !highMoves) {
                    continue;
                }
                if (judgement == null) {
                    judgement = new Alerts.Judgement(record.key(), now, known ? before : null, quote.eventTime, true,
                        record.timestamp());
                }
                if (lowMoves) {
                    raise(judgement, row, Alerts.LOW, now < row.low(), !known, row.low());
                }
                if (highMoves) {
                    raise(judgement, row, Alerts.HIGH, now > row.high(), !known, row.high());
                }
            }
        }

        private void raise(Alerts.Judgement judgement, Instrument.Row row, int side, boolean entered, boolean initial,
                           double threshold) {
            alerts.raise(judgement, row.id(), row.user(), row.version(), row.notifyCleared(), side, entered, initial, threshold);
        }
    }

    static final class Subscriptions implements Processor<byte[], byte[], byte[], byte[]> {
        private KeyValueStore<byte[], Instrument> store;

        @Override
        public void init(ProcessorContext<byte[], byte[]> context) {
            store = context.getStateStore(STORE);
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            Subscription subscription = Subscription.of(record.value());
            Instrument stored = store.get(record.key());
            Instrument instrument = stored == null ? new Instrument() : stored;
            if (instrument.known) {
                throw new IllegalStateException("the peer takes subscriptions before quotes: " + subscription);
            }
            instrument.add(subscription);
            store.put(record.key(), instrument);
        }
    }
}
