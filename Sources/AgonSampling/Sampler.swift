import AgonAdversarial
import AgonDatasets
import AgonGraph
import AgonLayers
import AgonTensors

/// A generator made ready to turn latent vectors (or images) into samples, in evaluation mode, a batch at a time.
/// Images come out in [-1, 1], whatever the range of those that it was trained on.
package final class Sampler {
    private let step: CompiledStep
    private let batch: Int
    private let inputSize: Int
    private let conditionSize: Int
    private let sampleShape: Shape
    private let range: SampleRange

    /// - Parameters:
    ///   - range: of the images that it was trained on.
    ///   - conditionSize: the numbers in a condition vector that the generator reads; nil for none.
    ///   - count: how many samples will be asked for at a time, about.
    package init(
        _ generator: Network, range: SampleRange = .signed, conditionSize: Int? = nil, count: Int, pool: WorkerPool,
        seed: UInt64
    ) throws {
        self.range = range
        batch = max(1, min(count, Self.wholeBatch))
        inputSize = generator.inputShape.count
        self.conditionSize = conditionSize ?? 0
        sampleShape = generator.outputShape
        step = try CompiledStep(
            samplingGraph(generator, count: batch, conditionSize: conditionSize), name: "samples", pool: pool,
            seed: seed)
    }

    /// The memory for sampling beyond the generator's own.
    var plan: MemoryPlan { step.plan }

    /// The samples that a generator makes at once. Its own random numbers follow a sample's place in the batch.
    private static let wholeBatch = 64

    /// One sample for each of the generator's inputs, contiguous: `[N] + sample shape`.
    ///
    /// - Parameters:
    ///   - conditions: a condition vector for each, if the generator takes one.
    ///   - index: the step of the generator's own random numbers, if any; each further batch takes the next.
    package func samples(from inputs: [Float], conditions: [Float] = [], index: Int = 0) -> Tensor {
        let count = inputs.count / inputSize
        precondition(conditions.count == count * conditionSize, "\(conditions.count) values for \(count) conditions")
        var values: [Float] = []
        values.reserveCapacity(count * sampleShape.count)
        var piece = [Float](repeating: 0, count: batch * inputSize)
        var conditionPiece = [Float](repeating: 0, count: max(1, batch * conditionSize))
        for first in stride(from: 0, to: count, by: batch) {
            let here = min(batch, count - first)
            piece.replaceSubrange(0..<here * inputSize, with: inputs[first * inputSize..<(first + here) * inputSize])
            conditionPiece.replaceSubrange(
                0..<here * conditionSize, with: conditions[first * conditionSize..<(first + here) * conditionSize])
            piece.withUnsafeBufferPointer { piece in
                conditionPiece.withUnsafeBufferPointer { conditions in
                    guard let latent = piece.baseAddress, let condition = conditions.baseAddress else { return }
                    step.run(inputs: ["latent": latent, "condition": condition], index: index + first / batch)
                }
            }
            step.withOutput("images") { images, _ in values += images[0..<here * sampleShape.count] }
        }
        return Tensor(shape: Shape([count] + sampleShape.dimensions), values: range.signed(values))
    }

    /// The samples with these numbers, from 1, as they are among all samples: those of a generator that draws random
    /// numbers itself have the numbers of their places.
    ///
    /// - Parameter inputs: an input for each number.
    func samples(numbered numbers: [Int], from inputs: [Float], conditions: [Float]) -> Tensor {
        guard step.drawsRandomNumbers else { return samples(from: inputs, conditions: conditions) }
        var values: [Float] = []
        for (position, number) in numbers.enumerated() {
            let row = (number - 1) % Self.wholeBatch
            func placed(_ all: [Float], size: Int) -> [Float] {
                [Float](repeating: 0, count: row * size) + all[position * size..<(position + 1) * size]
            }
            let made = samples(
                from: placed(inputs, size: inputSize), conditions: placed(conditions, size: conditionSize),
                index: (number - 1) / Self.wholeBatch)
            values += made.values.suffix(sampleShape.count)
        }
        return Tensor(shape: Shape([numbers.count] + sampleShape.dimensions), values: values)
    }
}

extension Tensor {
    /// Samples, none of which holds NaN or an infinite value.
    ///
    /// Throws `SamplingError.notFinite`.
    package func checkedSamples() throws -> Tensor {
        guard !values.allSatisfy(\.isFinite) else { return self }
        let size = shape.count / shape[0]
        let bad = (0..<shape[0]).count { row in !values[row * size..<(row + 1) * size].allSatisfy(\.isFinite) }
        throw SamplingError.notFinite(count: bad, of: shape[0])
    }
}
