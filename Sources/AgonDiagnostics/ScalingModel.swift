import AgonConfiguration
import AgonGraph
import AgonText

/// How fast an iteration would be on more threads than the machine has: replays the tasks that one thread ran under the
/// pool's rule (a free worker takes a piece of the first ready task).
///
/// The model assumes that a piece takes as long on any core as it did on this one, and that passing it on costs
/// nothing. Only the memory's bandwidth is shared, if it is given.
public struct ScalingModel: Sendable {
    public struct Prediction: Sendable, Equatable {
        public let threads: Int
        public let seconds: Double
        /// The time on one thread divided by this.
        public let speedup: Double
        /// The share of the threads' time that is spent in tasks.
        public let busy: Double
        /// Bytes per second that the tasks' operands amount to, if no cache kept any.
        public let traffic: Double
        /// What an additional thread would not shorten.
        public let limit: Limit
        /// What ran while other threads had nothing to do, with the seconds that they waited, largest first.
        public let waits: [Wait]
    }

    /// Seconds of an iteration in which threads were idle while tasks of a kind ran.
    public struct Wait: Sendable, Equatable {
        public let kernel: String
        public let seconds: Double
    }

    public enum Limit: String, Sendable {
        /// More threads would be faster.
        case threads
        /// The longest chain of tasks, which more threads do not shorten.
        case chain = "longest chain"
        case bandwidth
    }

    /// Seconds of an iteration on one thread.
    public let seconds: Double
    /// Seconds of the longest chain of dependent pieces, and of what runs between the steps.
    public let chain: Double
    /// Bytes that the operations of an iteration read and write.
    public let bytes: Double
    public let predictions: [Prediction]
    /// - Parameters:
    ///   - recordings: a recording of each phase of the iteration.
    ///   - iterations: how many iterations were recorded.
    ///   - serial: seconds of an iteration outside its steps, on one thread.
    ///   - threads: the numbers of threads to predict.
    ///   - bandwidth: bytes per second that the memory can move; nil for no limit.
    public init(
        _ recordings: [TaskRecording], iterations: Int, serial: Double, threads: [Int], bandwidth: Double? = nil
    ) {
        let phases = recordings.filter { $0.runs > 0 }.map { Phase($0, iterations: iterations) }
        let work = phases.reduce(0) { $0 + $1.work }
        let bytes = phases.reduce(0) { $0 + $1.bytes }
        let chain = phases.reduce(serial) { $0 + $1.chain }
        let one = work + serial
        predictions = threads.map { count in
            var waits: [String: Double] = [:]
            let scheduled = phases.reduce(serial) { $0 + $1.makespan(threads: count, waits: &waits) }
            let moved = bandwidth.map { bytes / $0 } ?? 0
            let seconds = max(scheduled, moved)
            let limit: Limit = moved >= scheduled ? .bandwidth : scheduled < chain * 1.05 ? .chain : .threads
            return Prediction(
                threads: count, seconds: seconds, speedup: one / seconds, busy: one / seconds / Double(count),
                traffic: bytes / seconds, limit: limit,
                waits: waits.map { Wait(kernel: $0.key, seconds: $0.value) }
                    .sorted { ($0.seconds, $1.kernel) > ($1.seconds, $0.kernel) })
        }
        seconds = one
        self.chain = chain
        self.bytes = bytes
    }

    public var text: String {
        var table = TextTable(["threads", "ms a step", "times faster", "busy", "GB/s", "limited by"])
        for prediction in predictions {
            table.add([
                "\(prediction.threads)", NumberText.fixed(prediction.seconds * 1e3, decimals: 2),
                NumberText.fixed(prediction.speedup, decimals: 2),
                NumberText.fixed(prediction.busy * 100, decimals: 0) + "%",
                NumberText.fixed(prediction.traffic * 1e-9, decimals: 1), prediction.limit.rawValue,
            ])
        }
        let facts =
            "one thread: \(NumberText.fixed(seconds * 1e3, decimals: 2)) ms a step; "
            + "longest chain of tasks: \(NumberText.fixed(chain * 1e3, decimals: 2)) ms; "
            + "operands: \(NumberText.fixed(bytes * 1e-6, decimals: 1)) MB"
        var lines = ["model of more threads, from tasks timed on one", facts, table.text]
        for prediction in predictions where !prediction.waits.isEmpty {
            var waits = TextTable(["ms", "idle on \(prediction.threads) threads while this runs"])
            for wait in prediction.waits.prefix(8) {
                waits.add([NumberText.fixed(wait.seconds * 1e3, decimals: 3), wait.kernel])
            }
            lines += ["", waits.text]
        }
        return lines.joined(separator: "\n")
    }

    public var node: ConfigNode {
        let rows = predictions.map { prediction in
            var object = ConfigObject()
            object["threads"] = ConfigNode(prediction.threads)
            object["millisecondsPerStep"] = .number(prediction.seconds * 1e3, decimals: 4)
            object["speedup"] = .number(prediction.speedup, decimals: 3)
            object["busy"] = .number(prediction.busy, decimals: 3)
            object["gigabytesPerSecond"] = .number(prediction.traffic * 1e-9, decimals: 2)
            object["limitedBy"] = ConfigNode(prediction.limit.rawValue)
            return ConfigNode(object)
        }
        var object = ConfigObject()
        object["millisecondsPerStep"] = .number(seconds * 1e3, decimals: 4)
        object["millisecondsOfLongestChain"] = .number(chain * 1e3, decimals: 4)
        object["megabytesOfOperands"] = .number(bytes * 1e-6, decimals: 2)
        object["threads"] = ConfigNode(rows)
        return ConfigNode(object)
    }

    /// A step's tasks with the mean times of their pieces.
    private struct Phase {
        let pieces: [[Double]]
        let successors: [[Int]]
        /// Runs of the step in an iteration.
        let repeats: Double
        let bytes: Double
        private let kernels: [String]

        init(_ recording: TaskRecording, iterations: Int) {
            pieces = recording.tasks.map { $0.pieces.map { Double($0) / Double(recording.runs) } }
            successors = recording.tasks.map(\.successors)
            kernels = recording.tasks.map(\.kernel)
            repeats = Double(recording.runs) / Double(iterations)
            bytes = repeats * recording.tasks.reduce(0) { $0 + Double($1.bytes) }
        }

        var work: Double { repeats * pieces.reduce(0) { $1.reduce($0, +) } }

        var chain: Double {
            var starts = [Double](repeating: 0, count: pieces.count)
            var longest = 0.0
            for (task, times) in pieces.enumerated() {
                let end = starts[task] + (times.max() ?? 0)
                for successor in successors[task] { starts[successor] = max(starts[successor], end) }
                longest = max(longest, end)
            }
            return repeats * longest
        }

        /// - Parameter waits: idle seconds by the kernel that ran meanwhile are added here.
        func makespan(threads: Int, waits: inout [String: Double]) -> Double {
            var waiting = [Int](repeating: 0, count: pieces.count)
            for list in successors { for successor in list { waiting[successor] += 1 } }
            var left = pieces.map(\.count)
            var next = [Int](repeating: 0, count: pieces.count)
            var ready = SortedInts(pieces.indices.filter { waiting[$0] == 0 })
            var running: [(end: Double, task: Int)] = []  // by end, the last first
            var time = 0.0
            while true {
                while running.count < threads, let task = ready.first {
                    let end = time + pieces[task][next[task]]
                    next[task] += 1
                    if next[task] == pieces[task].count { ready.removeFirst() }
                    let place = running.firstIndex { $0.end < end } ?? running.count
                    running.insert((end, task), at: place)
                }
                guard let (end, task) = running.popLast() else { return repeats * time }
                let idle = Double(threads - running.count - 1) * (end - time) / Double(running.count + 1)
                if idle > 0 {
                    for item in running + [(end, task)] { waits[kernels[item.task], default: 0] += repeats * idle }
                }
                time = end
                left[task] -= 1
                guard left[task] == 0 else { continue }
                for successor in successors[task] {
                    waiting[successor] -= 1
                    if waiting[successor] == 0 { ready.insert(successor) }
                }
            }
        }
    }

    /// Numbers in descending storage, so that the smallest is removed at the end.
    private struct SortedInts {
        private var values: [Int]

        init(_ ascending: [Int]) { values = ascending.reversed() }

        var first: Int? { values.last }
        mutating func removeFirst() { values.removeLast() }
        mutating func insert(_ value: Int) {
            values.insert(value, at: values.firstIndex { $0 < value } ?? values.count)
        }
    }
}
