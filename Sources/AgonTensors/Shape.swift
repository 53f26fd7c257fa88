/// The extents of a tensor, outermost first. Images are `[N, H, W, C]` (channels last), features `[N, C]`, scalars
/// `[]`.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
    public var dimensions: [Int]

    public init(_ dimensions: [Int]) {
        precondition(dimensions.allSatisfy { $0 >= 0 }, "negative extent in shape \(dimensions)")
        self.dimensions = dimensions
    }

    public init(arrayLiteral elements: Int...) { self.init(elements) }

    /// The number of dimensions.
    public var rank: Int { dimensions.count }

    /// The number of elements: the product of the extents, 1 for a scalar.
    public var count: Int { dimensions.reduce(1, *) }

    public subscript(axis: Int) -> Int {
        get { dimensions[axis < 0 ? axis + dimensions.count : axis] }
        set { dimensions[axis < 0 ? axis + dimensions.count : axis] = newValue }
    }

    public var description: String { "[" + dimensions.map(String.init).joined(separator: ", ") + "]" }
}
