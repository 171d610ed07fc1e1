//! Pairs rows with columns so that the sum of costs is least (the Hungarian method with potentials, by Kuhn and Munkres).

/// The column of each row, where there is one for it at less than `most`. `costs` has a line a row.
pub fn assign(costs: &[Vec<f32>], most: f32) -> Vec<Option<usize>> {
    let (rows, columns) = (costs.len(), costs.first().map_or(0, Vec::len));
    if rows > columns {
        let turned: Vec<Vec<f32>> = (0..columns)
            .map(|column| costs.iter().map(|row| row[column]).collect())
            .collect();
        let mut of_row = vec![None; rows];
        for (column, row) in assign(&turned, most).into_iter().enumerate() {
            if let Some(row) = row {
                of_row[row] = Some(column);
            }
        }
        return of_row;
    }
    let mut of_row = vec![None; rows];
    for (column, row) in pairs(costs, columns, most).into_iter().enumerate() {
        if let Some(row) = row.filter(|row| costs[*row][column] < most) {
            of_row[row] = Some(column);
        }
    }
    of_row
}

/// The row of each column; every row has one. What costs more than `most` is as good as any other of that kind.
fn pairs(costs: &[Vec<f32>], columns: usize, most: f32) -> Vec<Option<usize>> {
    let cost = |row: usize, column: usize| f64::from(costs[row][column].min(most));
    let (mut of_rows, mut of_columns) = (vec![0.0; costs.len()], vec![0.0; columns]);
    let mut row_of: Vec<Option<usize>> = vec![None; columns];
    for row in 0..costs.len() {
        // The shortest way from this row to a free column, over rows that would have to change theirs.
        let mut least = vec![f64::INFINITY; columns];
        let mut before: Vec<Option<usize>> = vec![None; columns];
        let mut done = vec![false; columns];
        let (mut at, mut from) = (row, None);
        let free = loop {
            for column in (0..columns).filter(|it| !done[*it]) {
                let way = cost(at, column) - of_rows[at] - of_columns[column];
                if way < least[column] {
                    (least[column], before[column]) = (way, from);
                }
            }
            let next = (0..columns).filter(|it| !done[*it]);
            let next = next.min_by(|a, b| least[*a].total_cmp(&least[*b]));
            let next = next.expect("there are at least as many columns as rows");
            let step = least[next];
            of_rows[row] += step;
            for column in 0..columns {
                if done[column] {
                    of_columns[column] -= step;
                    let row = row_of[column].expect("what is done is taken");
                    of_rows[row] += step;
                } else {
                    least[column] -= step;
                }
            }
            done[next] = true;
            match row_of[next] {
                Some(row) => (at, from) = (row, Some(next)),
                None => break next,
            }
        };
        let mut column = free;
        while let Some(earlier) = before[column] {
            row_of[column] = row_of[earlier];
            column = earlier;
        }
        row_of[column] = Some(row);
    }
    row_of
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The least sum by trying everything.
    fn least(costs: &[Vec<f32>], row: usize, taken: u32, most: f32) -> f32 {
        let Some(line) = costs.get(row) else {
            return 0.0;
        };
        let mut best = most + least(costs, row + 1, taken, most);
        for (column, cost) in line.iter().enumerate() {
            if taken >> column & 1 == 0 && *cost < most {
                best = best.min(cost + least(costs, row + 1, taken | 1 << column, most));
            }
        }
        best
    }

    #[test]
    fn no_other_pairs_cost_less() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..300 {
            let (rows, columns) = (random.usize(0..6), random.usize(1..6));
            let line = |random: &mut fastrand::Rng| (0..columns).map(|_| random.f32()).collect();
            let costs: Vec<Vec<f32>> = (0..rows).map(|_| line(&mut random)).collect();
            let found = assign(&costs, 0.7);
            let mut taken: Vec<usize> = found.iter().flatten().copied().collect();
            let cost =
                |(row, column): (usize, &Option<usize>)| column.map_or(0.7, |it| costs[row][it]);
            let sum: f32 = found.iter().enumerate().map(cost).sum();
            assert!(
                (sum - least(&costs, 0, 0, 0.7)).abs() < 1e-4,
                "{costs:?}: {found:?}"
            );
            taken.sort_unstable();
            taken.dedup();
            assert_eq!(taken.len(), found.iter().flatten().count());
        }
    }
}
