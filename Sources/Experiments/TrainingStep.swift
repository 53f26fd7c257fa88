import Adversarial
import Datasets
import Graph

/// The compiled phases of an experiment: runs one iteration of training at a time.
///
/// Which batches and random numbers an iteration takes follows from its number alone.
final class TrainingStep {
    private struct Phase {
        let step: CompiledStep
        let repeats: Int
        let usesRealBatch: Bool
    }

    private let phases: [Phase]
    /// Real batches that one iteration takes.
    let batches: Int

    /// - Throws: `GraphError`.
    init(_ networks: ExperimentNetworks, pool: WorkerPool, seed: UInt64) throws {
        batches = networks.batchesPerStep
        phases = try networks.phases.map { phase in
            Phase(
                step: try CompiledStep(phase.graph, name: phase.name, pool: pool, seed: seed), repeats: phase.repeats,
                usesRealBatch: phase.usesRealBatch)
        }
    }

    /// Iteration `index`, counted from 0.
    ///
    /// - Throws: what reading a batch throws.
    func run(_ index: Int, loader: BatchLoader) throws {
        var batch = index * batches
        for phase in phases {
            for turn in 0..<phase.repeats {
                var inputs: [String: UnsafePointer<Float>] = [:]
                if phase.usesRealBatch {
                    inputs["real"] = try loader.next(at: batch).images.baseAddress
                    batch += 1
                }
                phase.step.run(inputs: inputs, index: index * phase.repeats + turn)
            }
        }
    }

    /// Losses and scores of the last iteration.
    var scalars: [(name: String, value: Float)] { phases.flatMap { $0.step.scalars() } }

    /// Times each kind of kernel from now on; iterations run on one thread.
    func startProfile() {
        for phase in phases { phase.step.profile = [:] }
    }

    /// What each kind of kernel of each phase took since profiling was started.
    var profile: [(kernel: String, time: KernelTime)] {
        phases.flatMap { phase in
            (phase.step.profile ?? [:]).map { ((phases.count > 1 ? phase.step.name + ": " : "") + $0.key, $0.value) }
        }
    }

    /// The plan of each phase, and its work in one iteration.
    var plans: [(name: String, repeats: Int, plan: MemoryPlan, floatingPointOperations: Int)] {
        phases.map { ($0.step.name, $0.repeats, $0.step.plan, $0.step.floatingPointOperations * $0.repeats) }
    }
}
