import AgonConfiguration

/// The JSON header of a safetensors file, checked against the size of the data after it: its members
/// are `__metadata__` (strings by name) and tensors `{"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}`.
/// Format: https://huggingface.co/docs/safetensors, "Format".
struct SafetensorsHeader: Equatable {
    /// The largest header that the format's reference implementation accepts, in bytes.
    static let maximumSize = 100_000_000
    /// More axes than any array has; bounds the memory that an invalid shape can claim.
    static let maximumRank = 64

    var metadata: [String: String] = [:]
    /// In the order of their data.
    var entries: [SafetensorsFile.Entry] = []

    /// - Throws: ``TensorsError/malformed(path:format:problem:)``.
    init(parsing bytes: [UInt8], dataSize: Int, path: String) throws(TensorsError) {
        let failure = { (problem: String) in
            TensorsError.malformed(path: path, format: "safetensors", problem: problem)
        }
        guard String(validating: bytes, as: UTF8.self) != nil else { throw failure("its header is not UTF-8 text") }
        guard bytes.first == UInt8(ascii: "{") else { throw failure("its header does not start with '{'") }
        do {
            for member in try ConfigNode.parse(bytes, file: "its header").object?.members ?? [] {
                if member.key == "__metadata__" {
                    let members = member.value.object?.members ?? []
                    metadata = Dictionary(members.compactMap { item in item.value.string.map { (item.key, $0) } }) {
                        $1
                    }
                    guard member.value.object?.members.count == metadata.count else {
                        throw failure("its __metadata__ is not an object of strings")
                    }
                } else {
                    let layout: TensorLayout
                    do {
                        layout = try ConfigReader.decode(TensorLayout.self, from: member.value).value
                    } catch {
                        throw failure("tensor '\(member.key)': \(error)")
                    }
                    entries.append(try layout.entry(named: member.key, failure))
                }
            }
        } catch let error as TensorsError {
            throw error
        } catch {
            throw failure("\(error)")
        }
        try checkLayout(dataSize: dataSize, path: path)
    }

    /// The tensors must fill the data contiguously, without overlaps or gaps.
    private mutating func checkLayout(dataSize: Int, path: String) throws(TensorsError) {
        entries.sort {
            ($0.bytes.lowerBound, $0.bytes.upperBound, $0.name) < ($1.bytes.lowerBound, $1.bytes.upperBound, $1.name)
        }
        var end = 0
        for entry in entries {
            let start = entry.bytes.lowerBound
            if start != end {
                let problem = start < end ? "overlaps the previous tensor" : "leaves a gap after the previous tensor"
                throw .malformed(
                    path: path, format: "safetensors",
                    problem: "tensor '\(entry.name)' starts at data byte \(start) and \(problem), which ends at \(end)")
            }
            end = entry.bytes.upperBound
            guard end <= dataSize else {
                throw .malformed(
                    path: path, format: "safetensors",
                    problem: "tensor '\(entry.name)' ends at data byte \(end), the file holds \(dataSize) (truncated?)")
            }
        }
        guard end == dataSize else {
            throw .malformed(
                path: path, format: "safetensors",
                problem: "\(dataSize - end) bytes follow the last tensor, which ends at data byte \(end)")
        }
    }
}

/// The header entry of a tensor.
private struct TensorLayout: ConfigDecodable {
    private let type: ElementType
    private let shape: [Int]
    private let offsets: [Int]

    init(from reader: ConfigReader) throws {
        type = try reader.choice("dtype", "The type of the elements.")
        shape = try reader.integers(
            "shape", count: 0...SafetensorsHeader.maximumRank, in: 0..., "The size of each axis.")
        offsets = try reader.integers(
            "data_offsets", count: 2...2, in: 0..., "The first byte and one past the last.")
    }

    func entry(named name: String, _ failure: (String) -> TensorsError) throws(TensorsError) -> SafetensorsFile.Entry {
        guard offsets[0] <= offsets[1] else {
            throw failure("tensor '\(name)' ends before it starts (data_offsets \(offsets))")
        }
        guard let size = checkedByteCount(of: shape, type) else {
            throw failure("the size of tensor '\(name)' of shape \(shape) overflows")
        }
        guard offsets[1] - offsets[0] == size else {
            throw failure(
                "tensor '\(name)' of shape \(shape) and dtype \(type.rawValue) needs \(size) bytes, "
                    + "its data_offsets \(offsets) hold \(offsets[1] - offsets[0])")
        }
        return SafetensorsFile.Entry(name: name, type: type, shape: Shape(shape), bytes: offsets[0]..<offsets[1])
    }
}

/// The bytes of an array; nil if their number, or that of the elements, overflows.
///
/// The extents are multiplied in the order of `Shape.count`, so that this cannot overflow after the check.
func checkedByteCount(of shape: [Int], _ type: ElementType) -> Int? {
    var product = 1
    for extent in shape {
        let (next, overflow) = product.multipliedReportingOverflow(by: extent)
        if overflow { return nil }
        product = next
    }
    let (size, overflow) = product.multipliedReportingOverflow(by: type.byteCount)
    return overflow ? nil : size
}
