import AgonTensors
import Foundation

/// A vector for each sample, such as the embedding of a describing sentence: `[count, size]`, kept in memory.
///
/// Text-conditional models use such vectors: Reed et al., "Generative Adversarial Text to Image Synthesis", 2016,
/// arXiv:1605.05396; Zhang et al., "StackGAN", 2017, arXiv:1612.03242.
public struct SampleEmbeddings: Equatable, Sendable {
    /// The name of the array to read from a safetensors file with several arrays.
    static let tensorName = "embeddings"

    public let count: Int
    public let size: Int
    let values: [Float]
    private(set) var fingerprint: DatasetFingerprint?

    init(count: Int, size: Int, values: [Float], fingerprint: DatasetFingerprint? = nil) {
        self.fingerprint = fingerprint
        precondition(size > 0 && values.count == count * size, "\(values.count) values for \(count) x \(size)")
        self.count = count
        self.size = size
        self.values = values
    }

    /// Reads the array of a `.npy` file, or from a `.safetensors` file the only array or the one named "embeddings".
    ///
    /// - Parameter count: the number of samples, which must equal the number of vectors.
    ///
    /// Throws: `DatasetError.badEmbeddings`, `DatasetError.embeddingCount`; `TensorsError` for a file that is missing,
    /// truncated or in another format.
    public init(path: String, count: Int) throws {
        let failure = { (reason: String) in DatasetError.badEmbeddings(path: path, reason: reason) }
        if let stamp = FileStamp(path: path), !stamp.isFile { throw failure("not a regular file") }
        let array: Tensor
        switch (path as NSString).pathExtension.lowercased() {
        case "npy":
            array = try NpyArray(path: path).tensor
        case "safetensors":
            let file = try SafetensorsFile(path: path)
            let only = file.entries.count == 1 ? file.entries.first?.name : nil
            array = try file.tensor(only ?? Self.tensorName)
        default:
            throw failure("expected a file whose name ends in .npy or .safetensors")
        }
        guard array.shape.rank == 2, array.shape[1] > 0 else {
            throw failure("its shape is \(array.shape), expected a vector for each sample, [samples, size]")
        }
        guard array.shape[0] == count else {
            throw DatasetError.embeddingCount(path: path, vectors: array.shape[0], samples: count)
        }
        let size = array.shape[1]
        if let bad = array.values.firstIndex(where: { !$0.isFinite }) {
            throw failure("value \(bad % size) of vector \(bad / size) is \(array.values[bad])")
        }
        let contents = try DatasetVerification.contents(of: path)
        self.init(
            count: count, size: size, values: array.values,
            fingerprint: .of([(name: "embeddings", contents: contents)]))
    }

    /// The vectors of the given samples, in their order.
    func selecting(_ indices: [Int]) -> SampleEmbeddings {
        if indices.count == count, indices.elementsEqual(0..<count) { return self }
        var selected: [Float] = []
        selected.reserveCapacity(indices.count * size)
        for index in indices { selected.append(contentsOf: values[index * size..<(index + 1) * size]) }
        return SampleEmbeddings(count: indices.count, size: size, values: selected, fingerprint: fingerprint)
    }

    func write(_ index: Int, into target: UnsafeMutableBufferPointer<Float>) {
        precondition(index >= 0 && index < count && target.count == size, "vector \(index) of \(count) x \(size)")
        values.withUnsafeBufferPointer { values in
            _ = target.update(fromContentsOf: values[index * size..<(index + 1) * size])
        }
    }
}
