import Foundation
import Testing

@testable import AgonSampling

@Suite struct LatentPathTests {
    @Test func greatCircleKeepsTheLength() {
        let a: [Float] = [3, 0, 0]
        let b: [Float] = [0, 3, 0]
        #expect(LatentPath.greatCircle(a, b, 0) == a)
        let middle = LatentPath.greatCircle(a, b, 0.5)
        #expect(abs(middle[0] - 2.1213203) < 1e-6 && abs(middle[1] - 2.1213203) < 1e-6 && middle[2] == 0)
        let end = LatentPath.greatCircle(a, b, 1)
        #expect(abs(end[0]) < 1e-6 && abs(end[1] - 3) < 1e-6)
        // Parallel or zero vectors have no unique circle, so interpolation is linear.
        #expect(LatentPath.greatCircle(a, a, 0.3).map { ($0 * 1000).rounded() } == [3000, 0, 0])
        #expect(LatentPath.greatCircle([0, 0, 0], b, 0.5) == [0, 1.5, 0])
    }

    @Test func aPathIncludesItsEnds() {
        let path = LatentPath.between([2, 0], [0, 4], count: 5)
        #expect(path.count == 10)
        #expect(Array(path[..<2]) == [2, 0] && abs(path[8]) < 1e-6 && abs(path[9] - 4) < 1e-6)
        // Lengths go over evenly, angles too.
        for step in 0..<5 {
            let (x, y) = (Double(path[2 * step]), Double(path[2 * step + 1]))
            #expect(abs((x * x + y * y).squareRoot() - (2 + 0.5 * Double(step))) < 1e-6)
            #expect(abs(atan2(y, x) - Double(step) * .pi / 8) < 1e-6)
        }
        #expect(LatentPath.between([2, 0], [0, 4], count: 1) == [2, 0])
    }
}
