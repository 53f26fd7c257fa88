// The tables of minimal filtering, as exposed to tests.
#include "filter_tables.h"

void agon_filter_tables(int32_t n, float *powers, float *scales, float *input) {
    const filter_table *table = &filter_tables[n - AGON_FILTER_SMALLEST];
    for (int32_t i = 0; i < n - 1; i++) {
        scales[i] = table->scales[i];
        for (int32_t j = 0; j < n; j++) powers[i * n + j] = table->powers[i][j];
    }
    for (int32_t i = 0; i < n; i++) {
        for (int32_t j = 0; j < n; j++) input[i * n + j] = table->input[i][j];
    }
}
