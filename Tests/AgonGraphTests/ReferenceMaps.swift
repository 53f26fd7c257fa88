import AgonGraph
import AgonTensors

// Operations that move, repeat and average elements, as sparse matrices: an operation and its adjoint are one matrix
// and its transpose, so that neither can agree with the other by sharing a mistake in a loop.

/// A sparse matrix from the elements of an operation's input to those of its output.
struct LinearMap {
    struct Entry {
        let to: Int, from: Int
        let weight: Double
    }

    var entries: [Entry] = []

    var transposed: LinearMap {
        LinearMap(entries: entries.map { Entry(to: $0.from, from: $0.to, weight: $0.weight) })
    }
}

func apply(_ map: LinearMap, _ x: [Double], _ y: inout [Double]) {
    for entry in map.entries { y[entry.to] += entry.weight * x[entry.from] }
}

func applied(_ map: LinearMap, _ x: [Double], count: Int) -> [Double] {
    var y = [Double](repeating: 0, count: count)
    apply(map, x, &y)
    return y
}

/// The element of a broadcast tensor that each element of the full shape shows.
func broadcastSources(of small: Shape, in full: Shape) -> [Int] {
    let missing = full.rank - small.rank
    return indices(of: full).map { place in
        var source = 0
        for axis in 0..<small.rank { source = source * small[axis] + (small[axis] == 1 ? 0 : place[axis + missing]) }
        return source
    }
}

/// All places of a shape in row-major order.
func indices(of shape: Shape) -> [[Int]] {
    var places: [[Int]] = [[]]
    for extent in shape.dimensions { places = places.flatMap { place in (0..<extent).map { place + [$0] } } }
    return places
}

/// The row-major number of a place.
func number(_ place: [Int], in shape: Shape) -> Int {
    zip(place, shape.dimensions).reduce(0) { $0 * $1.1 + $1.0 }
}

/// The map of a linear operation; nil for one that is not.
func linearMap(_ operation: Operation, from: Shape, to: Shape) -> LinearMap? {
    switch operation {
    case .reshape: gather(to) { [(number($0, in: to), 1)] }
    case .broadcast:
        LinearMap(
            entries: broadcastSources(of: from, in: to).enumerated().map { .init(to: $0, from: $1, weight: 1) })
    case .sum: linearMap(.broadcast(to: from), from: to, to: from)?.transposed
    case .transpose: gather(to) { [(number([$0[0], $0[2], $0[1]], in: from), 1)] }
    case .slice(let axis, let start, let count): sliceMap(of: from, axis: axis, start: start, count: count)
    case .sliceGradient(let axis, let start, _):
        sliceMap(of: to, axis: axis, start: start, count: from[axis]).transposed
    case .foldUpsampling: foldMap(from: from, to: to)
    case .foldUpsamplingGradient: foldMap(from: to, to: from).transposed
    case .pad(let padding): padMap(padding, from: from, to: to)
    case .padGradient(let padding): padMap(padding, from: to, to: from).transposed
    case .averagePool(let g): averageMap(g, from: from, to: to)
    case .averagePoolGradient(let g): averageMap(g, from: to, to: from).transposed
    case .upsampleNearest(let s):
        gather(to) { [(number([$0[0], $0[1] / s, $0[2] / s, $0[3]], in: from), 1)] }
    case .upsampleNearestGradient(let s): linearMap(.upsampleNearest(scale: s), from: to, to: from)?.transposed
    case .upsampleBilinear(let s): bilinearMap(s, from: from, to: to)
    case .upsampleBilinearGradient(let s): bilinearMap(s, from: to, to: from).transposed
    case .depthToSpace(let s):
        gather(to) { p in [(number([p[0], p[1] / s, p[2] / s, (p[3] * s + p[1] % s) * s + p[2] % s], in: from), 1)] }
    case .spaceToDepth(let s): linearMap(.depthToSpace(scale: s), from: to, to: from)?.transposed
    default: nil
    }
}

/// A map by the sources of each output element.
private func gather(_ to: Shape, _ sources: ([Int]) -> [(Int, Double)]) -> LinearMap {
    var map = LinearMap()
    for (index, place) in indices(of: to).enumerated() {
        for (source, weight) in sources(place) { map.entries.append(.init(to: index, from: source, weight: weight)) }
    }
    return map
}

func sliceMap(of from: Shape, axis: Int, start: Int, count: Int) -> LinearMap {
    var to = from
    to[axis] = count
    return gather(to) { place in
        var source = place
        source[axis] += start
        return [(number(source, in: from), 1)]
    }
}

/// Along each axis, tap u of the folded kernel is the sum of taps k - 1 - u and k - u, as far as there are such taps.
private func foldMap(from: Shape, to: Shape) -> LinearMap {
    let k = from[0]
    func taps(_ u: Int) -> [Int] { [k - 1 - u, k - u].filter { (0..<k).contains($0) } }
    return gather(to) { p in
        taps(p[0]).flatMap { i in taps(p[1]).map { (number([i, $0, p[3], p[2]], in: from), 1) } }
    }
}

private func padMap(_ padding: Padding, from: Shape, to: Shape) -> LinearMap {
    func source(_ at: Int, _ extent: Int) -> Int? {
        if (0..<extent).contains(at) { return at }
        if !padding.reflection { return nil }
        return at < 0 ? -at : 2 * extent - 2 - at
    }
    return gather(to) { p in
        guard let y = source(p[1] - padding.top, from[1]), let x = source(p[2] - padding.left, from[2]) else {
            return []
        }
        return [(number([p[0], y, x, p[3]], in: from), 1)]
    }
}

/// The pixels of a pooling window inside the image.
private func window(_ g: PoolingGeometry, _ y: Int, _ x: Int) -> [(y: Int, x: Int)] {
    var pixels: [(y: Int, x: Int)] = []
    for i in 0..<g.kernelHeight {
        for j in 0..<g.kernelWidth {
            let pixel = (y: y * g.strideHeight - g.paddingTop + i, x: x * g.strideWidth - g.paddingLeft + j)
            if (0..<g.inputHeight).contains(pixel.y), (0..<g.inputWidth).contains(pixel.x) { pixels.append(pixel) }
        }
    }
    return pixels
}

private func averageMap(_ g: PoolingGeometry, from: Shape, to: Shape) -> LinearMap {
    gather(to) { p in
        window(g, p[1], p[2]).map {
            (number([p[0], $0.y, $0.x, p[3]], in: from), 1 / Double(g.kernelHeight * g.kernelWidth))
        }
    }
}

/// Where each window of `x` has its (first) maximum.
func maximaMap(_ g: PoolingGeometry, _ x: [Double], _ from: Shape) -> LinearMap {
    gather([from[0], g.outputHeight, g.outputWidth, from[3]]) { p in
        let sources = window(g, p[1], p[2]).map { number([p[0], $0.y, $0.x, p[3]], in: from) }
        guard var best = sources.first else { return [] }
        for source in sources where x[source] > x[best] { best = source }
        return [(best, 1)]
    }
}

/// Half-pixel centres, clamped at the borders.
private func bilinearMap(_ scale: Int, from: Shape, to: Shape) -> LinearMap {
    func sources(_ at: Int, _ extent: Int) -> [(Int, Double)] {
        let place = max(0, (Double(at) + 0.5) / Double(scale) - 0.5)
        let low = Int(place)
        let weight = place - Double(low)
        return [(low, 1 - weight), (min(low + 1, extent - 1), weight)]
    }
    return gather(to) { p in
        sources(p[1], from[1]).flatMap { y, v in
            sources(p[2], from[2]).map { x, u in (number([p[0], y, x, p[3]], in: from), v * u) }
        }
    }
}
