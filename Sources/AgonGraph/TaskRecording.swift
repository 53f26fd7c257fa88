/// The tasks of a compiled step as one thread ran them, piece by piece: what a model of more threads starts from.
public struct TaskRecording: Sendable {
    public struct Task: Sendable {
        /// The operation and the shapes of its operands.
        public let kernel: String
        /// The time of each piece, summed over the runs. Pieces of a task may run concurrently.
        public internal(set) var pieces: [Duration]
        /// The tasks that wait for this one, all of a greater index.
        public let successors: [Int]
        /// Bytes that the task's operation reads and writes in one run; 0 for all but its first stage.
        public let bytes: Int

        public init(kernel: String, pieces: [Duration], successors: [Int], bytes: Int) {
            self.kernel = kernel
            self.pieces = pieces
            self.successors = successors
            self.bytes = bytes
        }
    }

    /// In the order of the plan.
    public internal(set) var tasks: [Task]
    /// How often the step ran.
    public internal(set) var runs: Int

    public init(tasks: [Task], runs: Int) {
        self.tasks = tasks
        self.runs = runs
    }

    init(links: TaskLinks, kernels: [String], bytes: [Int]) {
        runs = 0
        tasks = zip(links.pieces, links.successors).enumerated().map { index, task in
            Task(
                kernel: kernels[index], pieces: [Duration](repeating: .zero, count: Int(task.0)),
                successors: task.1.map { Int($0) },
                bytes: bytes[index])
        }
    }
}
