import AgonAdversarial
import AgonGraph
import AgonTensors

/// Where the inputs of a phase come from.
package protocol PhaseInputs: AnyObject {
    /// The values of a phase's inputs in one of its runs, by name; valid until the next call.
    ///
    /// - Parameters:
    ///   - batch: the batch of data that the run takes, counted from the start of training.
    ///   - run: how often the phase ran before.
    ///
    /// Throws what reading a batch throws.
    func values(for phase: IterationPhase, batch: Int, run: Int) throws -> [String: UnsafePointer<Float>]
    /// Waits until batches are available, so that the calls that take them do not fail.
    ///
    /// Throws what reading one of them threw.
    func prepare(_ batches: Range<Int>) throws
    /// Ends the threads that read ahead.
    func stop()
}

extension PhaseInputs {
    package func prepare(_ batches: Range<Int>) throws {}
}

/// The compiled phases of an experiment: runs one iteration of training at a time.
///
/// Which batches and random numbers an iteration takes follows from its number alone. Phases share the memory of their
/// intermediates.
package final class CompiledIteration {
    private final class Phase {
        let phase: IterationPhase
        /// That of the phase's graph, and that of the graph of the runs in between, if there is one.
        let steps: [CompiledStep]
        /// The updates so far, where their number does not follow from that of the iteration.
        let updates: Variable?
        /// The step of the last run, whose outputs are current.
        private(set) var last: CompiledStep
        /// The last iteration of this session in which a run had the phase's own graph.
        var lastWhole: Int?

        init(_ phase: IterationPhase, updates: Variable?, pool: WorkerPool, seed: UInt64, arena: StepArena) throws {
            self.phase = phase
            self.updates = updates
            let names = phase.between.map {
                ["\(phase.name), 1 in \($0.every)", "\(phase.name), \($0.every - 1) in \($0.every)"]
            }
            steps = try zip(phase.graphs, names ?? [phase.name]).map {
                try CompiledStep($0, name: $1, pool: pool, seed: seed, arena: arena)
            }
            last = steps[0]
        }

        /// Runs the step that is due after a number of updates.
        func run(inputs: [String: UnsafePointer<Float>], index: Int, updates: Int) {
            if let between = phase.between { last = steps[updates % between.every == 0 ? 0 : 1] }
            last.run(inputs: inputs, index: index, updates: updates)
        }

        /// The share of the runs that a step has.
        func share(of step: CompiledStep) -> Double {
            guard let every = phase.between?.every else { return 1 }
            return step === steps[0] ? 1 / Double(every) : 1 - 1 / Double(every)
        }

        /// The work of a step in one iteration, on average. A measurement does not count as work of an iteration.
        func work(of step: CompiledStep) -> (repeats: Int, floatingPointOperations: Int) {
            let repeats = phase.isMeasurement ? 0 : phase.repeats
            let work = step.floatingPointOperations * repeats
            guard let every = phase.between?.every else { return (repeats, work) }
            return (repeats, step === steps[0] ? work / every : work - work / every)
        }
    }

    private let phases: [Phase]
    private let measurements: [Phase]
    /// Batches of data that one iteration takes.
    package let batches: Int
    /// What the step itself must remember, besides the networks' variables.
    package var variables: [Variable] { phases.compactMap(\.updates) }
    /// The iteration from which optimizers count their updates.
    private let start: Int
    private let iteration: UnsafeMutablePointer<Float>

    /// - Parameter start: the iteration in which these networks were made.
    ///
    /// - Throws: `GraphError`.
    package init(phases: [IterationPhase], pool: WorkerPool, seed: UInt64, start: Int = 0) throws {
        batches = phases.reduce(0) { $0 + ($1.usesBatch && !$1.isMeasurement ? $1.repeats : 0) }
        self.start = start
        let arena = StepArena()
        let all = try phases.map { phase in
            var updates: Variable?
            if case .until = phase.schedule {
                updates = Variable(name: "updates.\(phase.name)", shape: [1], role: .loopState)
            }
            return try Phase(phase, updates: updates, pool: pool, seed: seed, arena: arena)
        }
        self.phases = all.filter { !$0.phase.isMeasurement }
        measurements = all.filter(\.phase.isMeasurement)
        iteration = .allocate(capacity: 1)
        iteration.initialize(to: 0)
    }

    deinit { iteration.deallocate() }

    /// Iteration `index`, counted from 0.
    ///
    /// - Throws: what reading a batch throws.
    package func run(_ index: Int, inputs source: any PhaseInputs) throws {
        iteration.pointee = Float(index)
        var batch = index * batches
        for item in phases {
            let repeats = item.phase.repeats
            let first = batch
            if item.phase.usesBatch { batch += repeats }
            for turn in 0..<repeats {
                let run = index * repeats + turn
                let inputs = try values(of: item, batch: first + turn, run: run, source)
                item.run(inputs: inputs, index: run, updates: updates(of: item, run: run))
                if item.last === item.steps[0] { item.lastWhole = index }
                item.updates?.storage.pointee += 1
                if case .until(let loss, let bound, _) = item.phase.schedule {
                    let value = item.last.scalars().first { $0.name == loss }?.value ?? 0
                    if value <= bound || !value.isFinite { break }
                }
            }
        }
    }

    /// The batches that an iteration takes, counted from the start of training.
    func batches(ofIteration index: Int) -> Range<Int> { index * batches..<(index + 1) * batches }

    /// What is measured once an epoch.
    ///
    /// - Throws: what reading a batch throws.
    func measure(epoch: Int, iteration index: Int, inputs source: any PhaseInputs) throws -> [(
        name: String, value: Float
    )] {
        iteration.pointee = Float(index)
        return try measurements.flatMap { item in
            // A batch that training reads too: measuring takes none from it.
            let inputs = try values(of: item, batch: index * batches, run: epoch, source)
            item.last.run(inputs: inputs, index: epoch)
            return item.last.scalars()
        }
    }

    private func values(
        of item: Phase, batch: Int, run: Int, _ source: any PhaseInputs
    ) throws -> [String: UnsafePointer<Float>] {
        var inputs = try source.values(for: item.phase, batch: batch, run: run)
        if item.phase.usesIteration { inputs[IterationPhase.iterationInput] = UnsafePointer(iteration) }
        return inputs
    }

    private func updates(of item: Phase, run: Int) -> Int {
        item.updates.map { Int($0.storage.pointee) } ?? run - start * item.phase.repeats
    }

    /// Whether some iterations do less work than others.
    package var isUneven: Bool { phases.contains { $0.steps.count > 1 } }

    /// Losses and scores of the last iteration.
    package var scalars: [(name: String, value: Float)] { phases.flatMap { $0.last.scalars() } }

    /// Losses and scores of the last of some iterations. A lazy penalty is left out if none of them computed it: it
    /// would be that of an earlier iteration.
    package func scalars(of iterations: Range<Int>) -> [(name: String, value: Float)] {
        let isStale = phases.contains { $0.phase.between != nil && !ranWhole($0, in: iterations) }
        return isStale ? scalars.filter { $0.name != LazyPenalty.output } : scalars
    }

    /// Whether a phase with two graphs ran its own in some iterations.
    private func ranWhole(_ item: Phase, in iterations: Range<Int>) -> Bool {
        guard let every = item.phase.between?.every else { return true }
        // Where the number of updates does not follow from the iteration's, only this session's are known.
        if item.updates != nil { return (item.lastWhole ?? -1) >= iterations.lowerBound }
        let first = max(0, iterations.lowerBound - start) * item.phase.repeats
        return (first + every - 1) / every * every < (iterations.upperBound - start) * item.phase.repeats
    }

    /// Reads an output of the last iteration; nil where no phase has one of the name.
    package func withOutput<Result>(
        _ name: String, _ body: (UnsafeBufferPointer<Float>) throws -> Result
    ) rethrows -> Result? {
        for phase in phases {
            if let result = try phase.last.withOutput(name, { values, _ in try body(values) }) { return result }
        }
        return nil
    }

    /// Times each kind of kernel from now on; iterations run on one thread.
    package func startProfile() {
        for step in phases.flatMap(\.steps) { step.profile = [:] }
    }

    /// What each kind of kernel of each phase took since profiling was started.
    package var profile: [(kernel: String, time: KernelTime)] {
        let steps = phases.flatMap(\.steps)
        return steps.flatMap { step in
            (step.profile ?? [:]).map { ((steps.count > 1 ? step.name + ": " : "") + $0.key, $0.value) }
        }
    }

    /// Times each piece of each task from now on; iterations run on one thread.
    package func startRecording() {
        for step in phases.flatMap(\.steps) { step.startRecording() }
    }

    /// What the tasks of each phase took since recording was started.
    package var recordings: [TaskRecording] {
        phases.flatMap(\.steps).compactMap(\.recording).filter { $0.runs > 0 }
    }

    /// The plan of each compiled graph, and its work in one iteration on average.
    package var plans:
        [(
            name: String, repeats: Int, share: Double, plan: MemoryPlan, floatingPointOperations: Int,
            operationsPerRun: Int, convolutions: [ConvolutionSummary]
        )]
    {
        (phases + measurements).flatMap { phase in
            phase.steps.map { step in
                let (repeats, work) = phase.work(of: step)
                return (
                    step.name, repeats, phase.share(of: step), step.plan, work, step.floatingPointOperations,
                    step.convolutions
                )
            }
        }
    }
}
