/// The bytes of an IDX file, the format of MNIST: a header with the type of the values and the extents, then the
/// values.
///
/// - Parameter rank: the number of extents that the header states, if it is not theirs.
package func idx(_ extents: [Int], _ values: [UInt8], type: UInt8 = 8, rank: Int? = nil) -> [UInt8] {
    [0, 0, type, UInt8(rank ?? extents.count)]
        + extents.flatMap { extent in (0..<4).map { UInt8(truncatingIfNeeded: extent >> (24 - 8 * $0)) } } + values
}
