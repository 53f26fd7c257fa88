import Adversarial
import Graph
import Layers
import Tensors

/// A generator made ready to turn latent vectors into samples, in evaluation mode, a batch at a time.
final class SampleMaker {
    let latent: LatentConfiguration
    private let step: CompiledStep
    private let batch: Int
    private let sampleShape: Shape

    /// - Parameter count: how many samples will be asked for at a time, about.
    init(_ generator: Network, latent: LatentConfiguration, count: Int, pool: WorkerPool, seed: UInt64) throws {
        batch = max(1, min(count, 64))
        self.latent = latent
        sampleShape = generator.outputShape
        step = try CompiledStep(
            samplingGraph(generator, count: batch), name: "samples", pool: pool, seed: seed)
    }

    /// The memory of making samples beyond the generator's own.
    var plan: MemoryPlan { step.plan }

    /// One sample for each vector of `latent.size` numbers: `[N] + sample shape`.
    ///
    /// - Parameter index: the step of the generator's own random numbers, if it has any.
    func samples(from latents: [Float], index: Int = 0) -> Tensor {
        let count = latents.count / latent.size
        var values: [Float] = []
        values.reserveCapacity(count * sampleShape.count)
        var piece = [Float](repeating: 0, count: batch * latent.size)
        for first in stride(from: 0, to: count, by: batch) {
            let here = min(batch, count - first)
            piece.replaceSubrange(
                0..<here * latent.size, with: latents[first * latent.size..<(first + here) * latent.size])
            piece.withUnsafeBufferPointer { pointer in
                if let base = pointer.baseAddress { step.run(inputs: ["latent": base], index: index) }
            }
            step.withOutput("images") { images, _ in values += images[0..<here * sampleShape.count] }
        }
        return Tensor(shape: Shape([count] + sampleShape.dimensions), values: values)
    }
}
