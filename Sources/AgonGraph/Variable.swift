import AgonTensors

/// Names a variable within a graph.
public struct VariableID: Hashable, Sendable {
    let object: ObjectIdentifier
    let variable: Variable

    public static func == (a: VariableID, b: VariableID) -> Bool { a.object == b.object }
    public func hash(into hasher: inout Hasher) { hasher.combine(object) }
}

/// How a variable's values are laid out in files, if PyTorch's layout differs from that in memory.
public enum PyTorchLayout: Hashable, Sendable {
    /// As in memory.
    case plain
    /// Memory `[in, out]`, files `[out, in]`.
    case linearWeight
    /// Memory `[kh, kw, in, out]`, files `[out, in, kh, kw]`.
    case convolutionWeight
    /// Memory `[kh, kw, out, in]` (the weight of the convolution whose input gradient it is),
    /// files `[in, out, kh, kw]`.
    case transposedConvolutionWeight
    /// Memory `[h, w, c]`, files `[c, h, w]`.
    case image
    /// Memory `[n, h, w, c]`, files `[n, c, h, w]`.
    case images
}

/// The role of a variable.
public enum VariableRole: Hashable, Sendable {
    /// Trained by an optimizer.
    case parameter
    /// Fixed, or updated by the layers themselves: running statistics, spectral norm's vectors, frozen weights.
    case buffer
    /// Kept by an optimizer.
    case optimizerState
    /// Kept by the objective between steps.
    case loopState
}

/// Values that persist between steps, in their own memory.
public final class Variable: @unchecked Sendable {
    /// The name in checkpoints, such as `generator.3.weight`.
    public let name: String
    public let shape: Shape
    public let role: VariableRole
    public let layout: PyTorchLayout
    /// `shape.count` floats, 64-byte aligned, initially zero.
    public let storage: UnsafeMutablePointer<Float>

    public init(name: String, shape: Shape, role: VariableRole, layout: PyTorchLayout = .plain) {
        self.name = name
        self.shape = shape
        self.role = role
        self.layout = layout
        storage = AlignedMemory.allocate(floats: shape.count)
    }

    deinit { AlignedMemory.free(storage) }

    public var id: VariableID { VariableID(object: ObjectIdentifier(self), variable: self) }

    /// The values in memory layout.
    public var values: [Float] {
        get { Array(UnsafeBufferPointer(start: storage, count: shape.count)) }
        set {
            precondition(
                newValue.count == shape.count, "\(name) \(shape) takes \(shape.count) values, not \(newValue.count)")
            newValue.withUnsafeBufferPointer { source in
                if let base = source.baseAddress { storage.update(from: base, count: source.count) }
            }
        }
    }
}

extension Variable {
    /// The shape in files.
    public var pyTorchShape: Shape { Shape(permutation.map { shape[$0] }) }

    /// The memory axes in file order.
    private var permutation: [Int] {
        switch layout {
        case .plain: Array(0..<shape.rank)
        case .linearWeight: [1, 0]
        case .convolutionWeight, .transposedConvolutionWeight: [3, 2, 0, 1]
        case .image: [2, 0, 1]
        case .images: [0, 3, 1, 2]
        }
    }

    /// The values in PyTorch's layout.
    public func exported() -> Tensor {
        let tensor = Tensor(shape: shape, values: values)
        return layout == .plain ? tensor : tensor.permuted(permutation)
    }

    /// Sets the values from PyTorch's layout.
    /// - Returns: false, with the variable unchanged, if the shape does not match.
    public func importing(_ tensor: Tensor) -> Bool {
        guard tensor.shape == pyTorchShape else { return false }
        switch layout {
        case .plain: values = tensor.values
        case .linearWeight: values = tensor.permuted([1, 0]).values
        case .convolutionWeight, .transposedConvolutionWeight: values = tensor.permuted([2, 3, 1, 0]).values
        case .image: values = tensor.permuted([1, 2, 0]).values
        case .images: values = tensor.permuted([0, 2, 3, 1]).values
        }
        return true
    }
}
